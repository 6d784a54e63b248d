-- Defines pg_temp.admit_service(service, password) for this session; called once per service by
-- the database's owner, as often as one likes.
--
-- It makes the login role tiketi_<service> (or gives it this password), the schema <service> that
-- the role owns, and its search path. The role gets no right on anything else.

CREATE OR REPLACE FUNCTION pg_temp.admit_service(service text, password text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    role text := 'tiketi_' || service;
BEGIN
    -- Two processes may bootstrap the same database at once.
    PERFORM pg_advisory_xact_lock(hashtextextended('tiketi.bootstrap', 0));
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
        EXECUTE format('CREATE ROLE %I', role);
        -- An owner that is no superuser must be a member to make a schema in the role's name.
        IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT FALSE, SET TRUE', role);
        END IF;
    END IF;
    EXECUTE format(
        'ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD %L', role, password);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, role);
    EXECUTE format('GRANT USAGE ON SCHEMA extensions TO %I', role);
    EXECUTE format(
        'ALTER ROLE %I IN DATABASE %I SET search_path = %I, extensions',
        role, current_database(), service);
END
$$;
