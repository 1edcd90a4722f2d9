"""The job table as workers see it: they take deliveries under a lease, and end them.

A delivery is its holder's until the lease lapses, which counts in the database's time and is renewed as long
as the holder is at work. Each holder has a number of its own (``token``); one that was taken for dead, and
wakes up, finds that its number is no longer the delivery's, and can neither deliver nor record anything.

Clocks jump, and what is due is told by the clock: so a moment further ahead than any can be counts as past.
"""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true, update
from sqlalchemy.engine import Row

from printscp.errors import ClaimLost
from printscp.film.job import Delivery, DeliveryState, Job
from printscp.film.printer import PrinterState
from printscp.spool.database import Database, Transaction, insert_or_update
from printscp.spool.queue import StatusInfo, lock_job, settle
from printscp.spool.tables import deliveries, jobs, outputs

_State = DeliveryState
_IN_HAND = deliveries.c.state.in_((_State.SENDING, _State.SENT))  # few, and found by their index
_FIRST_PAUSE = 1.0  # seconds before an output that cannot take films is tried again; doubled each time
_LONGEST_PAUSE = 30.0
_JUMP = timedelta(hours=1)  # further ahead no lease ends, whatever another host was told of its length
_TAKING = 0x7461B5  # lock of PostgreSQL, where the number of jobs under way is limited


class Claims:
    """How deliveries are taken and given back."""

    def __init__(self, database: Database, lease: float = 30.0, attempts: int = 5) -> None:
        """``lease`` is in seconds; a delivery begun ``attempts`` times without an end is given up."""
        self._database = database
        self._lease = timedelta(seconds=lease)
        self._attempts = attempts
        self._probing: float | None = None  # since when
        self._sound_first = 0.0  # until then

    def take(self, holder: str, at_once: Mapping[str, int]) -> "Claim | None":
        """What is due next on one of these outputs, by priority and then age, first of all jobs that printers
        have and are to be asked for. ``at_once`` says how many may be under way; 0 is any number.

        Printers that do not answer take their time to say so. As long as that was, other films come first.
        """
        if self._probing is not None:
            self._sound_first = 2 * time.monotonic() - self._probing
            self._probing = None
        with self._database.write() as transaction:
            if not self._database.is_sqlite and any(at_once.values()):
                transaction.connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TAKING})")
            self._lapse(transaction, self._lapsed(transaction.now), "its worker was not heard of any more")
            row = self._chosen(transaction, at_once)
            if row is None:
                return None
            sent = row.state == _State.SENT
            values = {
                "holder": holder,
                "token": row.token + 1,
                "lease_until": transaction.now + self._lease,
                **({} if sent else _begun(transaction, row.output)),
                "attempts": row.attempts + (0 if sent else 1),
            }
            transaction.connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(values))
            job = settle(transaction, row.job_id)
        [delivery] = [each for each in job.deliveries if each.id == row.id]
        key = _Key(row.id, row.job_id, holder, row.token + 1)
        return Claim(self._database, self._lease, self._attempts, key, job, delivery, row.cancelled)

    def renew(self, holder: str) -> None:
        """The holder is at work on what it has: its leases begin anew."""
        with self._database.write() as transaction:
            transaction.connection.execute(
                update(deliveries)
                .where(_IN_HAND, deliveries.c.holder == holder)
                .values(lease_until=transaction.now + self._lease)
            )

    def give_back(self, holder: str, why: str, counted: bool = True) -> None:
        """A holder is dead, or can do no more: what it had waits again, or is given up after too many
        attempts, of which this is one if it is ``counted``."""
        ours = deliveries.c.holder == holder
        with self._database.write() as transaction:
            held = select(deliveries.c.job_id).where(_IN_HAND, ours).order_by(deliveries.c.job_id).distinct()
            for number in transaction.connection.execute(held).scalars().all():
                # Waited for, if others have it locked: a holder that lives would keep what is left out.
                lock_job(transaction.connection, number)
                if not counted:
                    sending = ours & (deliveries.c.job_id == number) & (deliveries.c.state == _State.SENDING)
                    _put(transaction, sending, {"attempts": deliveries.c.attempts - 1})
                self._lapse(transaction, ours & (deliveries.c.job_id == number), why, skip_locked=False)

    def _over(self, now: datetime) -> ColumnElement[bool]:
        lease_until = deliveries.c.lease_until
        return or_(lease_until <= now, lease_until > now + max(2 * self._lease, _JUMP))

    def _lapsed(self, now: datetime) -> ColumnElement[bool]:
        return (deliveries.c.state == _State.SENDING) & self._over(now)

    def _lapse(
        self, transaction: Transaction, which: ColumnElement[bool], why: str, skip_locked: bool = True
    ) -> None:
        """Take deliveries from their holders."""
        held = select(deliveries).where(_IN_HAND, which, deliveries.c.holder.is_not(None))
        query = _locking(held, skip_locked)
        for row in transaction.connection.execute(query).all():
            _put(transaction, deliveries.c.id == row.id, self._again(row, why, transaction.now))
            settle(transaction, row.job_id)

    def _again(self, row: Row[Any], why: str, now: datetime) -> dict[str, Any]:
        """What a delivery comes to that its holder did not end."""
        if row.remote:  # a printer may have it: it is asked first
            return {"state": _State.SENT, "not_before": now}
        if row.cancelled:
            return _cancelled(now)
        if row.attempts >= self._attempts:
            return _given_up(row.attempts, why, now)
        return {"state": _State.WAITING, "status_info": StatusInfo.QUEUED, "info": why}

    def _chosen(self, transaction: Transaction, at_once: Mapping[str, int]) -> Row[Any] | None:
        """What is to be taken."""
        tried = dict(_tried(transaction))
        if time.monotonic() < self._sound_first:
            row = self._next(transaction, at_once, tried)
            if row is not None:
                return row
        row = self._due(transaction, list(at_once)) or self._first(transaction, at_once, tried)
        if row is not None and (row.state == _State.SENT or row.output in tried):
            self._probing = time.monotonic()
        return row

    def _first(
        self, transaction: Transaction, at_once: Mapping[str, int], tried: Mapping[str, bool]
    ) -> Row[Any] | None:
        """What waits first; of the outputs that could not take films that which was tried longest ago."""
        found = self._next(transaction, at_once, tried)
        for name, is_paused in tried.items():
            if name in at_once and not is_paused:
                other = self._next(transaction, {name: at_once[name]}, ())
                if other is not None:
                    rows = other, found or other
                    return min(rows, key=lambda row: (row.rank, row.job_id))
        return found

    def _due(self, transaction: Transaction, names: Sequence[str]) -> Row[Any] | None:
        """A job that a printer has, and is to be asked for now."""
        now = transaction.now
        free = or_(deliveries.c.holder.is_(None), self._over(now))
        sent = select(deliveries).where(
            deliveries.c.state == _State.SENT,
            deliveries.c.output.in_(names),
            free,
            _is_past("not_before", now),
        )
        query = _locking(sent.order_by(deliveries.c.not_before, deliveries.c.id).limit(1))
        return transaction.connection.execute(query).first()

    def _next(
        self, transaction: Transaction, at_once: Mapping[str, int], but: Collection[str]
    ) -> Row[Any] | None:
        """What waits, and may go out now, ``but`` for those outputs."""
        closed = set(but)
        under_way = select(deliveries.c.output, func.count()).where(_IN_HAND).group_by(deliveries.c.output)
        for name, count in transaction.connection.execute(under_way):
            if count >= (at_once.get(name) or count + 1):
                closed.add(name)
        names = [name for name in at_once if name not in closed]
        waiting = select(deliveries).where(
            deliveries.c.state == _State.WAITING, deliveries.c.output.in_(names)
        )
        query = _locking(waiting.order_by(deliveries.c.rank, deliveries.c.job_id, deliveries.c.id).limit(1))
        return transaction.connection.execute(query).first() if names else None


@dataclass(frozen=True)
class _Key:
    delivery: int
    job: int
    holder: str
    token: int

    @property
    def fits(self) -> ColumnElement[bool]:
        """The delivery, as long as it is the holder's."""
        return and_(
            deliveries.c.id == self.delivery,
            deliveries.c.holder == self.holder,
            deliveries.c.token == self.token,
            _IN_HAND,
        )


class Claim:
    """A delivery in hand. Each method but `hold` and `remember` ends it, and returns the job as it is then.

    Raises:
        ClaimLost: from each method: another has it now, and nothing is recorded.
    """

    def __init__(
        self,
        database: Database,
        lease: timedelta,
        most: int,
        key: _Key,
        job: Job,
        delivery: Delivery,
        cancelled: bool,
    ) -> None:
        self.job = job
        self.delivery = delivery
        self.cancelled = cancelled
        """Whether the operator wants it dropped: true of one that a printer has."""
        self._database = database
        self._lease = lease
        self._most = most
        self._key = key
        self._remembered = delivery.remote
        self._trying = delivery.state is _State.SENDING and delivery.status_info != StatusInfo.NORMAL

    def hold(self) -> None:
        """Ask right before something goes out for good; the lease begins anew.

        Raises:
            ClaimLost: or it was cancelled.
        """
        self._keep({})

    def remember(self, remote: str, place: str = "") -> None:
        """Keep the id that a printer gave the job, and where the films go; the lease begins anew.

        Raises:
            ClaimLost: or it was cancelled.
        """
        self._remembered = remote  # first: whether it was kept may not be known
        self._keep({"remote": remote, "place": place})

    def done(self, place: str, remarks: Sequence[str] = ()) -> Job:
        """The films are out; ``remarks`` come to those the job has."""
        with self._ending() as transaction:
            values = _ended(_State.DONE, StatusInfo.NORMAL, "", transaction.now)
            if self.delivery.state is _State.SENDING:  # what it was remembered by is of no use any more
                values["remote"] = ""
            self._update(transaction, values | {"place": place})
            self._remark(transaction, remarks)
            _output_is(transaction, self.delivery.output, PrinterState(), "")
            return settle(transaction, self._key.job)

    def sent(self, place: str, remote: str, remarks: Sequence[str], pause: float) -> Job:
        """A printer has the films, and is to be asked after ``pause`` seconds."""
        with self._ending() as transaction:
            later = transaction.now + timedelta(seconds=pause)
            values = {"state": _State.SENT, "place": place, "remote": remote, "not_before": later}
            values |= {"status_info": StatusInfo.NORMAL, "info": "", "holder": None}
            self._update(transaction, values)
            self._remark(transaction, remarks)
            _output_is(transaction, self.delivery.output, PrinterState(), "")
            return settle(transaction, self._key.job)

    def progress(self, status_info: str, info: str, printer: PrinterState, words: str, pause: float) -> Job:
        """What the printer says of the job, and of itself; it is asked again after ``pause`` seconds."""
        with self._ending() as transaction:
            later = transaction.now + timedelta(seconds=pause)
            values = {"status_info": status_info, "info": info, "not_before": later, "holder": None}
            self._update(transaction, values)
            _output_is(transaction, self.delivery.output, printer, words)
            return settle(transaction, self._key.job)

    def fail(self, status_info: str, info: str) -> Job:
        """The films cannot be printed there, ever."""
        with self._ending() as transaction:
            self._update(transaction, _ended(_State.FAILED, status_info, info, transaction.now))
            return settle(transaction, self._key.job)

    def drop(self) -> Job:
        """Cancelled, and nothing of it goes out."""
        with self._ending() as transaction:
            self._update(transaction, _cancelled(transaction.now))
            return settle(transaction, self._key.job)

    def postpone(self, printer: PrinterState, info: str, pause: float | None = None) -> Job:
        """The output cannot take films for now, through no fault of these: this was no attempt. All that go
        there wait ``pause`` seconds, or some that grow from time to time."""
        with self._ending() as transaction:
            if self._remembered:  # the printer may have it: it is asked first
                soon = transaction.now + timedelta(seconds=_FIRST_PAUSE)
                values: dict[str, Any] = {"state": _State.SENT, "not_before": soon}
            else:
                values = {"state": _State.WAITING, "attempts": deliveries.c.attempts - 1}
            values |= {"status_info": printer.info, "info": info, "holder": None}
            self._update(transaction, self._unless_cancelled(transaction, values))
            _output_is(transaction, self.delivery.output, printer, info, pause or 0.0)
            return settle(transaction, self._key.job)

    def again(self, info: str) -> Job:
        """The printer does not know the job any more: the films are sent once more, unless that was often."""
        with self._ending() as transaction:
            tried = self.delivery.attempts
            if tried >= self._most:
                values = _given_up(tried, info, transaction.now)
            else:
                values = {"state": _State.WAITING, "status_info": StatusInfo.QUEUED, "info": info}
            self._update(transaction, self._unless_cancelled(transaction, values | {"remote": ""}))
            _output_is(transaction, self.delivery.output, PrinterState(), "")  # it has answered
            return settle(transaction, self._key.job)

    def _keep(self, values: Mapping[str, Any]) -> None:
        with self._ending() if self._trying else self._database.write() as transaction:
            begun: dict[str, Any] = {"status_info": StatusInfo.NORMAL, "info": ""} if self._trying else {}
            lease_until = transaction.now + self._lease
            self._update(
                transaction, {**values, **begun, "lease_until": lease_until}, ~deliveries.c.cancelled
            )
            if self._trying:
                settle(transaction, self._key.job)
        self._trying = False

    @contextmanager
    def _ending(self) -> Iterator[Transaction]:
        with self._database.write() as transaction:
            lock_job(transaction.connection, self._key.job)
            yield transaction

    def _update(
        self, transaction: Transaction, values: Mapping[str, Any], also: ColumnElement[bool] | None = None
    ) -> None:
        which = self._key.fits & (true() if also is None else also)
        if not _put(transaction, which, values):
            raise ClaimLost(f"job {self._key.job} is no longer in hand")

    def _unless_cancelled(self, transaction: Transaction, values: dict[str, Any]) -> dict[str, Any]:
        """What a delivery comes to that would wait: nobody waits for one that was cancelled meanwhile."""
        query = select(deliveries.c.cancelled).where(deliveries.c.id == self._key.delivery)
        cancelled = values["state"] is _State.WAITING and transaction.connection.execute(query).scalar()
        return values | _cancelled(transaction.now) if cancelled else values

    def _remark(self, transaction: Transaction, remarks: Sequence[str]) -> None:
        """Each output of a job finds the same remarks."""
        if remarks:
            ours = jobs.c.id == self._key.job
            known = transaction.connection.execute(select(jobs.c.remarks).where(ours)).scalar_one()
            both = list(dict.fromkeys([*known, *remarks]))
            transaction.connection.execute(update(jobs).where(ours).values(remarks=both))


def _put(transaction: Transaction, which: ColumnElement[bool], values: Mapping[str, Any]) -> bool:
    """Change a delivery; whether there was one."""
    state = values.get("state")
    free = {"holder": None, "lease_until": None} if state is not None else {}
    changed = transaction.connection.execute(update(deliveries).where(which).values({**free, **values}))
    return bool(changed.rowcount)


def _begun(transaction: Transaction, output: str) -> dict[str, Any]:
    """What a delivery comes to that is taken. Where something is the matter with its output, that is only
    tried: it says so until it is about to go out."""
    trouble = (outputs.c.name == output) & (outputs.c.status_info != StatusInfo.NORMAL)
    row = transaction.connection.execute(select(outputs).where(trouble)).first()
    term, info = (StatusInfo.NORMAL, "") if row is None else (row.status_info, row.info)
    return {"state": _State.SENDING, "status_info": term, "info": info}


def _ended(state: DeliveryState, status_info: str, info: str, now: datetime) -> dict[str, Any]:
    return {"state": state, "status_info": status_info, "info": info, "finished": now}


def _given_up(attempts: int, why: str, now: datetime) -> dict[str, Any]:
    info = f"given up after {attempts} attempts: {why}"
    return _ended(_State.FAILED, StatusInfo.ELEC_SW_ERROR, info, now)


def _cancelled(now: datetime) -> dict[str, Any]:
    return _ended(_State.CANCELLED, StatusInfo.UNKNOWN, "cancelled by the operator", now)


def _locking(query: Any, skip_locked: bool = True) -> Any:
    """Deliveries together with their jobs, those left out that another is about to change."""
    return query.join(jobs).with_for_update(of=[jobs, deliveries], skip_locked=skip_locked)


def _is_past(column: str, now: datetime) -> ColumnElement[bool]:
    moment = deliveries.c[column]
    return or_(moment.is_(None), moment <= now, moment > now + timedelta(seconds=2 * _LONGEST_PAUSE))


def _tried(transaction: Transaction) -> Iterator[tuple[str, bool]]:
    """Outputs that could not take films at the last try, and whether they are not to be tried yet; that which
    was tried last comes last."""
    failed = select(outputs.c.name, outputs.c.not_before).where(outputs.c.not_before.is_not(None))
    for row in transaction.connection.execute(failed.order_by(outputs.c.not_before)):
        ahead = (row.not_before - transaction.now).total_seconds()
        yield row.name, 0 < ahead <= 2 * _LONGEST_PAUSE


def _output_is(
    transaction: Transaction, name: str, state: PrinterState, info: str, pause: float | None = None
) -> None:
    """Note the condition of an output. With ``pause`` nothing goes there for so many seconds; 0: for some
    that grow from time to time."""
    connection, ours = transaction.connection, outputs.c.name == name
    before = connection.execute(select(outputs).where(ours)).first()
    values: dict[str, Any] = {
        "status": state.status,
        "status_info": state.info,
        "info": info,
        "pause": 0.0,
        "not_before": None,
    }
    if pause is not None:
        grown = min(max(_FIRST_PAUSE, 2 * (before.pause if before is not None else 0.0)), _LONGEST_PAUSE)
        values["pause"] = 0.0 if pause else grown
        values["not_before"] = transaction.now + timedelta(seconds=min(pause or grown, _LONGEST_PAUSE))
    if before is not None or state != PrinterState():
        # Another host may do so just now.
        upsert = insert_or_update(connection, outputs).values(name=name, **values)
        connection.execute(upsert.on_conflict_do_update(index_elements=["name"], set_=values))
