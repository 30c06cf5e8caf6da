package dev.penstock.tenants;

/** The tenants file is invalid. The message names the field and the rule, for the person who edits the file. */
final class InvalidTenantsException extends Exception {
    private static final long serialVersionUID = 1;

    InvalidTenantsException(String field, String rule) {
        super(field + " " + rule);
    }
}
