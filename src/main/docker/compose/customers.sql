-- The customers of the sample model "churn" (src/main/models/churn/README.md). The number of the row is the id.
CREATE TABLE customers (
    customer_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state TEXT,
    account_length REAL,
    area_code TEXT,
    international_plan BOOLEAN,
    voice_mail_plan BOOLEAN,
    number_vmail_messages REAL,
    total_day_minutes REAL,
    total_day_calls REAL,
    total_day_charge REAL,
    total_eve_minutes REAL,
    total_eve_calls REAL,
    total_eve_charge REAL,
    total_night_minutes REAL,
    total_night_calls REAL,
    total_night_charge REAL,
    total_intl_minutes REAL,
    total_intl_calls REAL,
    total_intl_charge REAL,
    number_customer_service_calls REAL,
    churn TEXT
);

COPY customers (
    state, account_length, area_code, international_plan, voice_mail_plan, number_vmail_messages,
    total_day_minutes, total_day_calls, total_day_charge, total_eve_minutes, total_eve_calls, total_eve_charge,
    total_night_minutes, total_night_calls, total_night_charge, total_intl_minutes, total_intl_calls, total_intl_charge,
    number_customer_service_calls, churn
) FROM '/customers.csv' WITH (FORMAT csv, HEADER);

-- What the model does not use, and the answer itself.
ALTER TABLE customers
    DROP COLUMN state, DROP COLUMN area_code, DROP COLUMN churn,
    DROP COLUMN total_day_charge, DROP COLUMN total_eve_charge, DROP COLUMN total_night_charge, DROP COLUMN total_intl_charge;
