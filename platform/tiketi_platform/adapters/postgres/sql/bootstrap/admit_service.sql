-- Admit the service $1 with the password $2; needs service.sql in this session.

SELECT pg_temp.admit_service($1, $2);
