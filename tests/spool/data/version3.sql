-- A job table of the version before there were migrations, as that version made it: jobs 2 done, 1 failed,
-- 4 being printed, 3 waiting.
BEGIN TRANSACTION;
CREATE TABLE job (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	uid VARCHAR(64) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	status_info VARCHAR(16) NOT NULL, 
	info VARCHAR NOT NULL, 
	printer_name VARCHAR(16) NOT NULL, 
	originator VARCHAR(16) NOT NULL, 
	priority VARCHAR(16) NOT NULL, 
	rank INTEGER NOT NULL, 
	copies INTEGER NOT NULL, 
	medium VARCHAR(16) NOT NULL, 
	destination VARCHAR(16) NOT NULL, 
	label VARCHAR(64) NOT NULL, 
	owner VARCHAR(16) NOT NULL, 
	order_remarks JSON NOT NULL, 
	films JSON NOT NULL, 
	remarks JSON NOT NULL, 
	attempts INTEGER NOT NULL, 
	holder VARCHAR(64), 
	not_before DATETIME NOT NULL, 
	created DATETIME NOT NULL, 
	finished DATETIME, 
	outputs JSON NOT NULL, 
	confirmed BOOLEAN NOT NULL, 
	UNIQUE (uid)
);
INSERT INTO "job" VALUES(1,'1.2.0','FAILURE','ELEC SW ERROR','damaged','FILMS','VIEWER','MED',1,2,'BLUE FILM','PROCESSOR','THORAX','WARD 3','["Gr\u00f6\u00dfe ignored"]','[{"sheet": "1.2.0-1", "film_size": "8INX10IN", "display_format": "STANDARD\\1,1", "images": 1}]','["Gr\u00f6\u00dfe ignored"]',1,NULL,'2026-11-22 06:04:07.728324','2026-11-22 06:04:07.728324','2026-11-22 06:04:07.743696','[]',0);
INSERT INTO "job" VALUES(2,'1.2.1','DONE','NORMAL','','FILMS','VIEWER','HIGH',0,2,'BLUE FILM','PROCESSOR','THORAX','WARD 3','["Gr\u00f6\u00dfe ignored"]','[{"sheet": "1.2.1-1", "film_size": "8INX10IN", "display_format": "STANDARD\\1,1", "images": 1}]','["Gr\u00f6\u00dfe ignored", "not trimmed"]',1,NULL,'2026-11-22 06:04:07.730098','2026-11-22 06:04:07.730098','2026-11-22 06:04:07.736580','["/films/2.pdf", "/films/2.tiff"]',1);
INSERT INTO "job" VALUES(3,'1.2.2','PENDING','QUEUED','','FILMS','VIEWER','LOW',2,2,'BLUE FILM','PROCESSOR','THORAX','WARD 3','["Gr\u00f6\u00dfe ignored"]','[{"sheet": "1.2.2-1", "film_size": "8INX10IN", "display_format": "STANDARD\\1,1", "images": 1}]','["Gr\u00f6\u00dfe ignored"]',0,NULL,'2026-11-22 06:04:07.730841','2026-11-22 06:04:07.730841',NULL,'[]',0);
INSERT INTO "job" VALUES(4,'1.2.3','PRINTING','NORMAL','','FILMS','VIEWER','MED',1,2,'BLUE FILM','PROCESSOR','THORAX','WARD 3','["Gr\u00f6\u00dfe ignored"]','[{"sheet": "1.2.3-1", "film_size": "8INX10IN", "display_format": "STANDARD\\1,1", "images": 1}]','["Gr\u00f6\u00dfe ignored"]',1,'a','2026-11-22 06:04:07.731355','2026-11-22 06:04:07.731355',NULL,'[]',0);
CREATE INDEX job_next ON job (status, rank, id);
CREATE INDEX job_last ON job (status, finished, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('job',4);
COMMIT;
PRAGMA user_version=3;
