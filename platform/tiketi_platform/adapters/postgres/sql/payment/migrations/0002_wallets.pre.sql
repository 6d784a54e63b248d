-- The only ways into a wallet: hold_points sets points aside, post_points writes a history line.

-- Set points aside for something under way; refuses with the given code when that many are not free.
CREATE FUNCTION hold_points(p_user_id bigint, p_amount bigint, p_code text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_balance bigint;
BEGIN
    UPDATE points SET held = held + p_amount, version = version + 1
    WHERE user_id = p_user_id AND balance - held >= p_amount
    RETURNING balance INTO v_balance;
    IF NOT FOUND THEN
        PERFORM refuse(p_code);
    END IF;
    RETURN v_balance;
END
$$;

-- Let go of points that were set aside.
CREATE FUNCTION release_points(p_user_id bigint, p_amount bigint) RETURNS void
LANGUAGE sql AS $$
    UPDATE points SET held = held - p_amount, version = version + 1
    WHERE user_id = p_user_id AND p_amount > 0;
$$;

-- Write one line and return the balance after it. A negative amount spends what was held for it when
-- p_is_held. The wallet's row lock is taken before the line draws its id, so ids ascend per wallet.
CREATE FUNCTION post_points(
    p_user_id bigint, p_type text, p_amount bigint, p_is_held boolean,
    p_reference_type text, p_reference_id bigint, p_description text
) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_balance bigint;
BEGIN
    IF p_amount > 0 THEN
        INSERT INTO points AS wallet (user_id, balance) VALUES (p_user_id, p_amount)
        ON CONFLICT (user_id) DO UPDATE
            SET balance = wallet.balance + p_amount, version = wallet.version + 1
        RETURNING balance INTO v_balance;
    ELSE
        UPDATE points
        SET balance = balance + p_amount,
            held = held + CASE WHEN p_is_held THEN p_amount ELSE 0 END,
            version = version + 1
        WHERE user_id = p_user_id
        RETURNING balance INTO STRICT v_balance;
    END IF;
    -- Only what is bought has a limit: giving back what was taken must never fail.
    IF p_type = 'CHARGE' AND v_balance > 1000000000000 THEN
        PERFORM refuse('balance_limit_reached');
    END IF;
    INSERT INTO point_histories
        (user_id, type, amount, balance_after, reference_type, reference_id, description)
    VALUES
        (p_user_id, p_type, p_amount, v_balance, p_reference_type, p_reference_id, p_description);
    RETURN v_balance;
END
$$;

-- Give users points once per reference; returns how many got some now. In user order, so that two
-- grants with the same users wait for each other instead of deadlocking.
CREATE FUNCTION grant_points(p_user_ids bigint[], p_amount bigint, p_reference text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_user_id bigint;
    v_count bigint := 0;
BEGIN
    FOR v_user_id IN SELECT DISTINCT u FROM unnest(p_user_ids) AS u ORDER BY u LOOP
        INSERT INTO grants (reference, user_id) VALUES (p_reference, v_user_id)
        ON CONFLICT DO NOTHING;
        IF FOUND THEN
            PERFORM post_points(
                v_user_id, 'CHARGE', p_amount, false, 'MANUAL', NULL, 'Granted: ' || p_reference);
            v_count := v_count + 1;
        END IF;
    END LOOP;
    RETURN v_count;
END
$$;
