package dev.penstock.worker.reply;

/** Cuts texts that senders can make as long as they like. */
final class Texts {
    private static final String CUT = "…";

    private Texts() {}

    static String atMost(int chars, String text) {
        if (text.length() <= chars) {
            return text;
        }
        int end = chars - CUT.length();
        return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + CUT;
    }
}
