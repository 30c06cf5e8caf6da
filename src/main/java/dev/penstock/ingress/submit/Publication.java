package dev.penstock.ingress.submit;

/** The result of publishing a record. */
public enum Publication {
    /** Kafka has the record. */
    ACKNOWLEDGED,
    /** Kafka does not have the record. */
    NOT_SENT,
    /** The record was sent, and no acknowledgement arrived. */
    IN_DOUBT
}
