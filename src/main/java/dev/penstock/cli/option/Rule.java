package dev.penstock.cli.option;

import java.lang.reflect.AnnotatedElement;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import picocli.CommandLine.Model.ArgSpec;

/**
 * The rule that each value of an option keeps.
 *
 * @param words complete "--seconds must be …"
 * @param candidates all values that it takes, where they can be listed
 */
public record Rule(String words, Predicate<String> holds, List<String> candidates) {

    /** Empty for an option that takes any value. */
    public static Optional<Rule> of(ArgSpec option) {
        if (!(option.userObject() instanceof AnnotatedElement declared)) {
            return Optional.empty();
        }
        InRange range = declared.getAnnotation(InRange.class);
        if (range != null) {
            return Optional.of(
                    new Rule("in " + range.min() + ".." + range.max(), value -> isIn(range, value), List.of()));
        }
        Matches form = declared.getAnnotation(Matches.class);
        if (form != null) {
            return Optional.of(new Rule(form.form(), value -> value.matches(form.regex()), List.of()));
        }
        OneOf words = declared.getAnnotation(OneOf.class);
        return Optional.ofNullable(words).map(each -> oneOf(Arrays.asList(each.value())));
    }

    /** For the option's name and the value that breaks this rule. */
    public String message(String name, String value) {
        boolean isNumber = value.matches("-?[0-9][0-9.]*");
        return "%s must be %s, was %s".formatted(name, words, isNumber ? value : '"' + value + '"');
    }

    private static Rule oneOf(List<String> words) {
        int last = words.size() - 1;
        String listed = last == 0 ? words.get(0) : String.join(", ", words.subList(0, last)) + " or " + words.get(last);
        return new Rule(listed, words::contains, words);
    }

    private static boolean isIn(InRange range, String value) {
        // At most 18 digits: no number that takes long to read.
        if (!value.matches("[0-9]{1,18}(\\.[0-9]{1,6})?")) {
            return false;
        }
        BigDecimal number = new BigDecimal(value);
        return number.compareTo(BigDecimal.valueOf(range.min())) >= 0
                && number.compareTo(BigDecimal.valueOf(range.max())) <= 0;
    }
}
