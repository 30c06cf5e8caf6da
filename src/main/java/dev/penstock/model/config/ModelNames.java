package dev.penstock.model.config;

import java.util.regex.Pattern;

/** The naming rules for model and version folders in a model repository. */
public final class ModelNames {
    public static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
    private static final Pattern VERSION = Pattern.compile("[1-9][0-9]{0,17}");

    private ModelNames() {}

    /** Whether the text is a version: a positive integer. */
    public static boolean isVersion(String text) {
        return VERSION.matcher(text).matches();
    }
}
