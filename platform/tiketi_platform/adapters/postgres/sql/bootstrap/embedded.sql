-- Only for a server that is ours alone: services may not enter its maintenance databases either.

REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
