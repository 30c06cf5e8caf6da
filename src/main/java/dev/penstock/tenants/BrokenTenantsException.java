package dev.penstock.tenants;

/** A tenants file that breaks a rule, for the eyes of whoever wrote it. */
final class BrokenTenantsException extends Exception {
    private static final long serialVersionUID = 1;

    BrokenTenantsException(String field, String rule) {
        super(field + " " + rule);
    }
}
