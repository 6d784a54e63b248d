-- Accounts. An e-mail is ASCII, and two that differ only in case are the same, under any locale.

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    password_hash text,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    phone text,
    role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
    provider text NOT NULL DEFAULT 'LOCAL' CHECK (provider IN ('LOCAL', 'GOOGLE')),
    profile_image text,
    token_version bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX users_email ON users (lower(email COLLATE "C"));

CREATE FUNCTION user_json(u users) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', u.id, 'email', u.email, 'name', u.name, 'phone', u.phone, 'role', u.role,
        'provider', u.provider, 'profile_image', u.profile_image,
        'created_at_ms', floor(extract(epoch FROM u.created_at) * 1000)::bigint)
$$;
