-- What every database of the platform needs before a service may connect; run by its owner,
-- inside the database, as often as one likes.
--
-- Nobody but the owner may do anything here until a service is admitted (service.sql). Extensions
-- live in a schema of their own that services may use and not change.

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA IF NOT EXISTS extensions;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA extensions;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA extensions;
