package dev.penstock.protocol.codec;

/** What a reader does with members of JSON objects that are not the protocol's. */
public enum UnknownMembers {
    /** Their values are skipped. Clients of other servers send members of their own. */
    IGNORED,
    /** The body is refused, so that a misspelt member is noticed. */
    REFUSED
}
