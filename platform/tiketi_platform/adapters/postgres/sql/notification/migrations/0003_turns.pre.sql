-- One's turn in a waiting room is told by push; by mail to those who asked for that.

ALTER TABLE preferences ADD COLUMN turn_email boolean NOT NULL DEFAULT false;
