"""The job table as those who order and those who steer see it: the queue is the jobs that are not ended, the
record is all of them. How deliveries are taken and ended is `printscp.spool.claim`.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select, true, update

from printscp.errors import NoSuchJob, NotPossible, QueueFull
from printscp.film.job import Delivery, DeliveryState, ExecutionStatus, Job, JobFilm, JobNews
from printscp.film.printer import Fate, PrinterState
from printscp.film.sheet import Order
from printscp.spool.database import Database, Transaction
from printscp.spool.rows import OutputState, delivery_of, job_of, utc
from printscp.spool.tables import deliveries, dialogues, jobs, news, outputs


class StatusInfo(StrEnum):
    """Those terms of Execution Status Info (2100,0030; PS3.3 C.13.8 and C.13.9.1) that jobs come to by
    themselves; printers give others."""

    QUEUED = "QUEUED"
    NORMAL = "NORMAL"
    CHECK_PRINTER = "CHECK PRINTER"
    INVALID_PAGE_DES = "INVALID PAGE DES"
    ELEC_SW_ERROR = "ELEC SW ERROR"
    UNKNOWN = "UNKNOWN"


_INSERT = insert(jobs)
_INSERT_DELIVERY = insert(deliveries)
_AT_ONCE = 500  # jobs that are named at once: there is a limit to the length of a statement
_RANK = {"HIGH": 0, "MED": 1, "LOW": 2}
_PENDING, _PRINTING, _DONE, _FAILURE = ExecutionStatus
_ENDED = (_DONE, _FAILURE)
_State = DeliveryState
MOVABLE = (_State.WAITING, _State.HELD)
"""States of deliveries that may still go elsewhere."""
_SENDING = {"state": _State.SENDING, "status_info": StatusInfo.NORMAL}
_FAULT = "fault "  # and its name: why a delivery waits, or has failed, by a fault made on purpose
_NEWS_LASTS = timedelta(minutes=10)
_NEWS_IS_LATE = timedelta(minutes=1)  # no transaction takes longer from its number to its commit


Route = Callable[[Order, Sequence[JobFilm]], Sequence[str]]
"""The names of the outputs that a job of these films goes to."""


class JobQueue:
    """The jobs of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(
        self,
        uid: str,
        order: Order,
        films: Sequence[JobFilm],
        remarks: Sequence[str],
        to: Sequence[str],
        limit: int = 0,
        fate: Fate | None = None,
    ) -> int:
        """Enter a job whose sheets are in the store; ``remarks`` are those of its films, ``to`` names its
        outputs. A ``fate`` is entered with it. Returns its number.

        Raises:
            QueueFull: ``limit`` jobs wait already; 0 is no limit.
        """
        with self._database.write() as transaction:
            if limit and self._waiting(transaction.connection, limit) >= limit:
                raise QueueFull("print queue full: try again later")
            row = _row(uid, order, films, remarks, transaction.now)
            result = transaction.connection.execute(_INSERT, row)
            assert result.inserted_primary_key is not None
            number = int(result.inserted_primary_key[0])
            _deliver(transaction, number, order.priority, to)
            if fate is not None:
                _meet_fate(transaction, number, fate)
            return number

    def is_full(self, limit: int) -> bool:
        """Whether that many jobs wait; 0 is no limit."""
        with self._database.read() as connection:
            return limit > 0 and self._waiting(connection, limit) >= limit

    def find(self, uid: str, printer_name: str) -> Job | None:
        """The job of that UID that a printer has, unless its end was confirmed."""
        wanted = (jobs.c.uid == uid) & (jobs.c.printer_name == printer_name) & ~jobs.c.confirmed
        with self._database.read() as connection:
            found = _jobs(connection, select(jobs).where(wanted))
        return found[0] if found else None

    def confirm(self, uid: str) -> None:
        """Its SCU knows how a job ended; no word of one that has not."""
        ended = jobs.c.status.in_(_ENDED)
        with self._database.write() as transaction:
            transaction.connection.execute(
                update(jobs).where(jobs.c.uid == uid, ended).values(confirmed=True)
            )

    def job(self, number: int) -> Job | None:
        """The job of that number."""
        with self._database.read() as connection:
            found = _jobs(connection, select(jobs).where(jobs.c.id == number))
        return found[0] if found else None

    def jobs(self, last: int | None = None, statuses: Collection[ExecutionStatus] = ()) -> list[Job]:
        """Jobs, oldest first: all, or the ``last`` so many, or of those ``statuses``."""
        query = select(jobs).order_by(jobs.c.id.desc()).limit(last)
        if statuses:
            query = query.where(jobs.c.status.in_(statuses))
        with self._database.read() as connection:
            return _jobs(connection, query)[::-1]

    def counts(self) -> dict[ExecutionStatus, int]:
        """How many jobs there are, by status."""
        query = select(jobs.c.status, func.count()).group_by(jobs.c.status)
        with self._database.read() as connection:
            return {ExecutionStatus(status): count for status, count in connection.execute(query)}

    def route(self, to: Route) -> None:
        """Give the jobs that have no deliveries some: those of an earlier version of the table."""
        without = ~select(deliveries.c.id).where(deliveries.c.job_id == jobs.c.id).exists()
        with self._database.write() as transaction:
            for job in _jobs(transaction.connection, select(jobs).where(jobs.c.status == _PENDING, without)):
                # Of a printer that is gone: it waits where it is seen, and can be cancelled.
                names = to(job.order, job.films) or (job.order.printer_name,)
                _deliver(transaction, job.id, job.order.priority, names)

    def waiting_for(self) -> set[str]:
        """Names of the outputs that films are still to go to."""
        states = [state for state in _State if not state.ended]
        query = select(deliveries.c.output).where(deliveries.c.state.in_(states)).distinct()
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def forget_conditions(self) -> None:
        """Of outputs that nothing is to go to: nobody would learn that all is well again."""
        if self.conditions():
            open_states = [state for state in _State if not state.ended]
            used = select(deliveries.c.output).where(deliveries.c.state.in_(open_states))
            with self._database.write() as transaction:
                transaction.connection.execute(delete(outputs).where(outputs.c.name.not_in(used)))

    def hold(self, number: int) -> Job:
        """Have a job wait for an operator, on all ways out that have not begun.

        Raises:
            NoSuchJob, NotPossible
        """
        with self._database.write() as transaction:
            _only_with(
                _locked(transaction, number),
                "nothing of it waits here; what its printer has can be cancelled",
                _State.WAITING,
            )
            values = {"state": _State.HELD, "info": "held by the operator"}
            _change(transaction, number, [_State.WAITING], values)
            return settle(transaction, number)

    def release(self, number: int) -> Job:
        """Have a job that was held go on.

        Raises:
            NoSuchJob, NotPossible
        """
        with self._database.write() as transaction:
            _only_with(_locked(transaction, number), "it is not held", _State.HELD)
            _change(transaction, number, [_State.HELD], {"state": _State.WAITING, "info": ""})
            return settle(transaction, number)

    def release_of(self, fault: str, printer_name: str) -> list[int]:
        """Have the jobs of a printer go on that a fault made on purpose holds, of that name or, if it is
        empty, of any; their numbers."""
        held = deliveries.c.info == _FAULT + fault if fault else deliveries.c.info.startswith(_FAULT)
        which = (deliveries.c.state == _State.HELD) & held
        query = select(jobs.c.id).join(deliveries).where(which, jobs.c.printer_name == printer_name)
        with self._database.write() as transaction:
            found = transaction.connection.execute(query.distinct().order_by(jobs.c.id)).scalars().all()
            for number in found:
                lock_job(transaction.connection, number)
                again = {"state": _State.WAITING, "status_info": StatusInfo.QUEUED, "info": ""}
                _change(transaction, number, [_State.HELD], again, held)
                settle(transaction, number)
        return list(found)

    def cancel(self, number: int) -> Job:
        """Print no more of a job. What is being sent is given up before it goes out, and a printer that has
        the job already is asked to drop it; cancelled once more, it is done with whether or not that answers.

        Raises:
            NoSuchJob, NotPossible
        """
        with self._database.write() as transaction:
            if _locked(transaction, number).ended:
                raise NotPossible(f"job {number} has ended: there is nothing to cancel")
            gone = {
                "state": _State.CANCELLED,
                "cancelled": True,
                "status_info": StatusInfo.UNKNOWN,
                "info": "cancelled by the operator",
                "finished": transaction.now,
            }
            _change(transaction, number, [_State.WAITING, _State.HELD], gone)
            given_up = gone | {"info": "cancelled by the operator: its printer may have it", "holder": None}
            asked = deliveries.c.cancelled  # the printer was asked, or there is nobody left who would
            _change(transaction, number, [_State.SENT], given_up, asked)
            soon = {"cancelled": True, "not_before": transaction.now}
            _change(transaction, number, [_State.SENDING, _State.SENT], soon)
            return settle(transaction, number)

    def prioritize(self, number: int, priority: str) -> Job:
        """Move a job in the queue: HIGH, MED or LOW.

        Raises:
            NoSuchJob, NotPossible
        """
        if priority not in _RANK:
            raise NotPossible(f"priority {priority}: is none of {', '.join(_RANK)}")
        with self._database.write() as transaction:
            if _locked(transaction, number).ended:
                raise NotPossible(f"job {number} has ended: reprint it")
            _set(transaction, number, priority=priority)
            _change(transaction, number, list(_State), {"rank": _RANK[priority]})
            return settle(transaction, number)

    def move(self, number: int, output: str, of: str | None = None) -> Job:
        """Have what of a job waits, or is held, go to another output, as if it had never been tried: of all
        its ways out, which then are one, or ``of`` that output alone.

        Raises:
            NoSuchJob
            NotPossible: or it has a way out there already.
        """
        with self._database.write() as transaction:
            job = _locked(transaction, number)
            if of is not None and all(each.output != of for each in job.deliveries):
                raise NotPossible(f"job {number} does not go to {of}, but to {_names(job)}")
            ours = [each for each in job.deliveries if each.state in MOVABLE and of in (None, each.output)]
            if not ours:
                where = "" if of is None else f" for {of}"
                raise NotPossible(f"job {number} is {job.status}: nothing of it waits{where}; see reprint")
            if any(each.output == output for each in job.deliveries):
                raise NotPossible(f"job {number} goes to {output} already")
            kept = next((each for each in ours if each.state is _State.HELD), ours[0])
            connection = transaction.connection
            others = [each.id for each in ours if each is not kept]
            connection.execute(delete(deliveries).where(deliveries.c.id.in_(others)))
            anew = {"output": output, "attempts": 0, "place": "", "remote": "", "not_before": None}
            if not kept.info.startswith(_FAULT):  # such a one holds it wherever it goes
                anew["status_info"] = StatusInfo.QUEUED
            if kept.state is _State.WAITING:
                anew["info"] = ""
            connection.execute(update(deliveries).where(deliveries.c.id == kept.id).values(anew))
            return settle(transaction, number)

    def forget(self, number: int) -> None:
        """Delete the record of a job that has ended.

        Raises:
            NoSuchJob, NotPossible
        """
        with self._database.write() as transaction:
            job = _locked(transaction, number)
            if not job.ended:
                raise NotPossible(f"job {number} is {job.status}: cancel it first")
            transaction.connection.execute(delete(jobs).where(jobs.c.id == number))

    def conditions(self) -> dict[str, OutputState]:
        """Of outputs that something is the matter with, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(outputs).where(outputs.c.status_info != "NORMAL")).all()
        return {row.name: OutputState(PrinterState(row.status, row.status_info), row.info) for row in rows}

    def spent_films(self, keep_jobs: int, keep_days: float) -> list[Job]:
        """Ended jobs whose films are kept and need not be: done before the last ``keep_jobs`` that were, or
        ended so long ago. Oldest first."""
        kept = select(jobs).where(jobs.c.films_kept, jobs.c.status.in_(_ENDED))
        with self._database.write() as transaction:
            long_ago = transaction.now - timedelta(days=keep_days)
            last = select(jobs.c.id).where(jobs.c.films_kept, jobs.c.status == _DONE)
            last = last.order_by(jobs.c.finished.desc(), jobs.c.id.desc()).limit(keep_jobs)
            spent = ((jobs.c.status == _DONE) & jobs.c.id.not_in(last)) | (jobs.c.finished < long_ago)
            return _jobs(transaction.connection, kept.where(spent).order_by(jobs.c.finished, jobs.c.id))

    def kept_films(self) -> list[Job]:
        """Ended jobs whose films are kept, oldest first."""
        kept = select(jobs).where(jobs.c.films_kept, jobs.c.status.in_(_ENDED))
        with self._database.read() as connection:
            return _jobs(connection, kept.order_by(jobs.c.finished, jobs.c.id))

    def drop_films(self, numbers: Collection[int]) -> None:
        """Note that films of ended jobs go, and their dialogues; they are wanted no more from now on."""
        each = list(numbers)
        with self._database.write() as transaction:
            for start in range(0, len(each), _AT_ONCE):
                ours = jobs.c.id.in_(each[start : start + _AT_ONCE])
                drop = update(jobs).where(ours, jobs.c.status.in_(_ENDED))
                transaction.connection.execute(drop.values(films_kept=False))
                gone = select(jobs.c.id).where(ours, ~jobs.c.films_kept)
                transaction.connection.execute(delete(dialogues).where(dialogues.c.job_id.in_(gone)))

    def wanted_sheets(self) -> set[str]:
        """Names of the sheets of all films that are kept."""
        with self._database.read() as connection:
            rows = connection.execute(select(jobs.c.films).where(jobs.c.films_kept)).scalars()
            return {film["sheet"] for films in rows for film in films}

    def tidy(self, keep_records_days: float) -> None:
        """Delete old records of jobs without films, and news that everybody has read."""
        with self._database.write() as transaction:
            now, connection = transaction.now, transaction.connection
            old = (jobs.c.finished < now - timedelta(days=keep_records_days)) & ~jobs.c.films_kept
            connection.execute(delete(jobs).where(jobs.c.status.in_(_ENDED), old))
            connection.execute(delete(news).where(news.c.created < now - _NEWS_LASTS))

    def _waiting(self, connection: Connection, limit: int) -> int:
        waiting = select(jobs.c.id).where(jobs.c.status.in_((_PENDING, _PRINTING))).limit(limit).subquery()
        return connection.execute(select(func.count()).select_from(waiting)).scalar_one()


class NewsReader:
    """Reads the news since it was made, each once and those of a job in their order."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.read() as connection:
            self._floor: int = connection.execute(select(func.coalesce(func.max(news.c.id), 0))).scalar_one()
        self._seen: set[int] = set()

    def read(self) -> list[JobNews]:
        """What has happened."""
        with self._database.read() as connection:
            query = select(news, jobs.c.uid, jobs.c.printer_name, jobs.c.label).join(jobs)
            rows = connection.execute(query.where(news.c.id > self._floor).order_by(news.c.id)).all()
        fresh = [row for row in rows if row.id not in self._seen]
        self._seen.update(row.id for row in fresh)
        # Of two hosts the later number may be committed first: the floor rises behind, not at once.
        late = [row.id for row in rows if rows[-1].created - row.created > _NEWS_IS_LATE]
        if late:
            self._floor = late[-1]
            self._seen = {number for number in self._seen if number > self._floor}
        return [
            JobNews(row.uid, ExecutionStatus(row.status), row.status_info, row.printer_name, row.label)
            for row in fresh
        ]


def film_remarks(films: Sequence[Sequence[str]]) -> list[str]:
    """Remarks of a job's films, each with the number of its film where there are several."""
    if len(films) == 1:
        return list(films[0])
    return [f"film {number}: {remark}" for number, film in enumerate(films, start=1) for remark in film]


def lock_job(connection: Connection, number: int) -> None:
    """Keep others from changing a job and its deliveries until the transaction ends; always the first thing
    locked, so that nobody waits for each other. SQLite has let nobody else in anyway."""
    connection.execute(select(jobs.c.id).where(jobs.c.id == number).with_for_update())


def settle(transaction: Transaction, number: int) -> Job:
    """Have a job say what its deliveries come to, and make news of what is new; returns it as it is then."""
    job = _one(transaction.connection, number)
    status, status_info, info = _sum(job.deliveries)
    if (status, status_info, info) == (job.status, job.status_info, job.info):
        return job
    finished = transaction.now if status in _ENDED else None
    _set(transaction, number, status=status, status_info=status_info, info=info, finished=finished)
    if (status, status_info) != (job.status, job.status_info):
        values = {"job_id": number, "status": status, "status_info": status_info}
        transaction.connection.execute(insert(news).values(**values, created=transaction.now))
    return replace(
        job, status=status, status_info=status_info, info=info, finished=finished and utc(finished)
    )


def _sum(found: Sequence[Delivery]) -> tuple[ExecutionStatus, str, str]:
    """Execution Status and its info of a job with these deliveries, and why."""
    states = {each.state for each in found}
    if all(state.ended for state in states):
        if states == {_State.DONE}:
            return _DONE, StatusInfo.NORMAL, ""
        worst = next((each for each in found if each.state is _State.FAILED), None) or next(
            each for each in found if each.state is _State.CANCELLED
        )
        return _FAILURE, worst.status_info, worst.info
    under_way = [each for each in found if each.state in (_State.SENDING, _State.SENT)]
    printing = [each for each in under_way if each.status_info == StatusInfo.NORMAL]
    if printing:
        return _PRINTING, StatusInfo.NORMAL, printing[0].info
    waiting = under_way or [each for each in found if not each.state.ended]
    # Of several the one that something is the matter with.
    first = next((each for each in waiting if each.status_info != StatusInfo.QUEUED), waiting[0])
    return _PENDING, first.status_info, first.info


def _row(
    uid: str, order: Order, films: Sequence[JobFilm], remarks: Sequence[str], now: datetime
) -> dict[str, Any]:
    fields = {key: value for key, value in vars(order).items() if key != "remarks"}
    return fields | {
        "uid": uid,
        "status": _PENDING,
        "status_info": StatusInfo.QUEUED,
        "order_remarks": order.remarks,
        "films": [asdict(film) for film in films],
        "remarks": [*order.remarks, *remarks],
        "created": now,
    }


def _deliver(transaction: Transaction, number: int, priority: str, to: Sequence[str]) -> None:
    rows = [
        {
            "job_id": number,
            "output": output,
            "rank": _RANK[priority],
            "state": _State.WAITING,
            "status_info": StatusInfo.QUEUED,
        }
        for output in to
    ]
    transaction.connection.execute(_INSERT_DELIVERY, rows)


def _meet_fate(transaction: Transaction, number: int, fate: Fate) -> None:
    """Have a new job wait, or end, by a fault made on purpose."""
    values = {"status_info": fate.info, "info": _FAULT + fate.fault}
    if fate.held:
        _change(transaction, number, [_State.WAITING], values | {"state": _State.HELD})
    else:
        if fate.printing:
            _change(transaction, number, [_State.WAITING], _SENDING)
            settle(transaction, number)
        gone = values | {"state": _State.FAILED, "finished": transaction.now}
        _change(transaction, number, [_State.WAITING, _State.SENDING], gone)
    settle(transaction, number)


def _change(
    transaction: Transaction,
    number: int,
    states: Sequence[DeliveryState],
    values: dict[str, Any],
    also: ColumnElement[bool] | None = None,
) -> None:
    """Change those deliveries of a job that are in one of ``states``."""
    which = (deliveries.c.job_id == number) & deliveries.c.state.in_(states)
    which &= true() if also is None else also
    transaction.connection.execute(update(deliveries).where(which).values(values))


def _names(job: Job) -> str:
    return ", ".join(each.output for each in job.deliveries)


def _set(transaction: Transaction, number: int, **values: Any) -> None:
    transaction.connection.execute(update(jobs).where(jobs.c.id == number).values(values))


def _only_with(job: Job, otherwise: str, state: DeliveryState) -> None:
    if all(each.state is not state for each in job.deliveries):
        raise NotPossible(f"job {job.id} is {job.status}: {otherwise}")


def _locked(transaction: Transaction, number: int) -> Job:
    lock_job(transaction.connection, number)
    return _one(transaction.connection, number)


def _one(connection: Connection, number: int) -> Job:
    found = _jobs(connection, select(jobs).where(jobs.c.id == number))
    if not found:
        raise NoSuchJob(f"no job {number}: see printscp jobs")
    return found[0]


def _jobs(connection: Connection, query: Select[Any]) -> list[Job]:
    """The jobs of a query, with their deliveries."""
    return with_deliveries(connection, connection.execute(query).all())


def with_deliveries(connection: Connection, rows: Sequence[Any]) -> list[Job]:
    """The jobs of rows of their table."""
    of_job: dict[int, list[Delivery]] = {row.id: [] for row in rows}
    for start in range(0, len(rows), _AT_ONCE):
        numbers = [row.id for row in rows[start : start + _AT_ONCE]]
        ours = select(deliveries).where(deliveries.c.job_id.in_(numbers)).order_by(deliveries.c.id)
        for row in connection.execute(ours):
            of_job[row.job_id].append(delivery_of(row))
    return [job_of(row, of_job[row.id]) for row in rows]
