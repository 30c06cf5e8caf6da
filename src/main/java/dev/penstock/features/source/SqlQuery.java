package dev.penstock.features.source;

import dev.penstock.features.vector.EntityKey;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The operator's query, with one {@code ?} for the entities: {@code WHERE id IN (?)}, or {@code WHERE id = ANY (?)} for databases with
 * arrays. Entities are always bound as parameters, never written into the text.
 */
public record SqlQuery(String text, int placeholder, boolean takesArray) {
    private static final Pattern IN = Pattern.compile("(?i)\\bIN\\s*\\(\\s*$");
    private static final Pattern ANY = Pattern.compile("(?i)=\\s*ANY\\s*\\(\\s*$");

    /** @throws IllegalArgumentException unless the query has exactly one {@code ?}, in {@code IN (?)} or {@code = ANY (?)} */
    public static SqlQuery parse(String text) {
        int placeholder = -1;
        char quote = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quote != 0) {
                quote = c == quote ? 0 : quote;
            } else if (c == '\'' || c == '"') {
                quote = c;
            } else if (c == '?') {
                if (placeholder >= 0) {
                    throw new IllegalArgumentException("query must have exactly one ?, for the entities, was: " + text);
                }
                placeholder = i;
            }
        }
        String before = placeholder < 0 ? "" : text.substring(0, placeholder);
        Matcher any = ANY.matcher(before);
        boolean takesArray = any.find();
        if (!takesArray && !IN.matcher(before).find()) {
            throw new IllegalArgumentException("query must contain IN (?) or = ANY (?) for the entities, was: " + text);
        }
        return new SqlQuery(text, placeholder, takesArray);
    }

    /**
     * Returns the number of parameters for a batch: the next power of two, so that the database sees few different statements. The last
     * entity fills the surplus parameters.
     */
    int parameters(Collection<EntityKey> entities) {
        return takesArray ? 1 : Math.max(1, Integer.highestOneBit(2 * entities.size() - 1));
    }

    String withParameters(int parameters) {
        return text.substring(0, placeholder) + "?" + ",?".repeat(parameters - 1) + text.substring(placeholder + 1);
    }
}
