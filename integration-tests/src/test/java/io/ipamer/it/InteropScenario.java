package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.assertj.core.api.SoftAssertions;
import org.jspecify.annotations.Nullable;

/**
 * Calls in their order, as data, so that programs in several languages can make them: {@code interop.json}. A step has
 *
 * <ul>
 *   <li>{@code rpc} and {@code request}, or {@code requests} where the call has a stream of them, as Protobuf's JSON;
 *   <li>{@code sees}: what must be in the answer, with null for what must not be, and three dots for any text. Of a
 *       stream: of all answers as one (see {@link #asOne});
 *   <li>{@code refused}: the code, reason and metadata that it must end with, in the same way;
 *   <li>{@code save}: what later steps have as <code>${name}</code>, each with its JSON pointer into the answer, or into the
 *       array of answers.
 * </ul>
 *
 * <p>{@code texts} are there from the beginning: lines, in base64.
 *
 * <p>A transcript is what a program saw: an object for each step, with {@code answer}, or {@code answers} of a stream, and
 * {@code refusal}, which has code, reason and metadata.
 */
record InteropScenario(Map<String, List<String>> texts, List<Step> steps) {
    static final Path FILE = Path.of("src/test/resources/interop.json").toAbsolutePath();

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([^}]+)}");
    private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final String NEXT_PAGE_TOKEN = "nextPageToken";

    /** A call. */
    record Step(JsonObject json) {
        String rpc() {
            return json.get("rpc").getAsString();
        }

        boolean succeeds() {
            return !json.has("refused");
        }

        JsonArray requests(Variables variables) {
            JsonArray requests = new JsonArray();
            if (json.has("request")) {
                requests.add(json.get("request"));
            } else {
                requests.addAll(json.getAsJsonArray("requests"));
            }
            return variables.in(requests).getAsJsonArray();
        }
    }

    /** What was saved so far. */
    static final class Variables {
        private final Map<String, String> values = new TreeMap<>();

        private Variables(Map<String, List<String>> texts) {
            texts.forEach((name, lines) -> values.put(
                    name,
                    Base64.getEncoder().encodeToString(String.join("\n", lines).getBytes(StandardCharsets.UTF_8))));
        }

        void save(Step step, JsonObject seen) {
            if (!step.json().has("save")) {
                return;
            }
            JsonElement root = seen.has("answers") ? seen.get("answers") : seen.get("answer");
            step.json().getAsJsonObject("save").entrySet().forEach(saved -> {
                JsonElement at = root;
                for (String name : saved.getValue().getAsString().substring(1).split("/")) {
                    at = at.isJsonArray()
                            ? at.getAsJsonArray().get(Integer.parseInt(name))
                            : at.getAsJsonObject().get(name);
                }
                values.put(saved.getKey(), at.getAsString());
            });
        }

        private JsonElement in(JsonElement json) {
            return strings(
                    json,
                    text -> VARIABLE.matcher(text)
                            .replaceAll(variable -> Matcher.quoteReplacement(values.get(variable.group(1)))));
        }
    }

    static InteropScenario read() throws IOException {
        JsonObject json = JsonParser.parseString(Files.readString(FILE)).getAsJsonObject();
        Map<String, List<String>> texts = new LinkedHashMap<>();
        json.getAsJsonObject("texts")
                .entrySet()
                .forEach(text -> texts.put(
                        text.getKey(),
                        text.getValue().getAsJsonArray().asList().stream()
                                .map(JsonElement::getAsString)
                                .toList()));
        return new InteropScenario(
                texts,
                json.getAsJsonArray("steps").asList().stream()
                        .map(step -> new Step(step.getAsJsonObject()))
                        .toList());
    }

    Variables variables() {
        return new Variables(texts);
    }

    /** Holds a transcript against what the steps say that is to be seen. */
    void isHeldBy(List<JsonObject> transcript) {
        assertThat(transcript).hasSameSizeAs(steps);
        Variables variables = variables();
        SoftAssertions.assertSoftly(softly -> {
            for (int i = 0; i < steps.size(); i++) {
                Step step = steps.get(i);
                JsonObject seen = transcript.get(i);
                softly.assertThatCode(() -> isHeldBy(seen, step, variables))
                        .as("step %d: %s%nsaw: %s%n", i + 1, step.json(), seen)
                        .doesNotThrowAnyException();
                variables.save(step, seen);
            }
        });
    }

    private static void isHeldBy(JsonObject seen, Step step, Variables variables) {
        assertThat(step.json().has("sees") || !step.succeeds())
                .as("says what is to be seen")
                .isTrue();
        if (step.json().has("sees")) {
            matches(
                    "answer",
                    variables.in(step.json().get("sees")),
                    asOne(step, seen).get("answer"));
        }
        if (step.succeeds()) {
            assertThat(seen.get("refusal")).isNull();
        } else {
            matches("refusal", variables.in(step.json().get("refused")), seen.get("refusal"));
        }
    }

    private static void matches(String name, JsonElement expected, @Nullable JsonElement actual) {
        if (expected.isJsonNull()) {
            assertThat(actual).as(name).isNull();
            return;
        }
        assertThat(actual).as(name).isNotNull();
        if (expected.isJsonObject()) {
            expected.getAsJsonObject()
                    .asMap()
                    .forEach((member, value) ->
                            matches(member, value, actual.getAsJsonObject().get(member)));
        } else if (expected.isJsonArray()) {
            JsonArray elements = actual.getAsJsonArray();
            assertThat(elements).as(name).hasSameSizeAs(expected.getAsJsonArray());
            for (int i = 0; i < elements.size(); i++) {
                matches(name + "[" + i + "]", expected.getAsJsonArray().get(i), elements.get(i));
            }
        } else {
            assertThat(actual.getAsString())
                    .as(name)
                    .matches(Arrays.stream(expected.getAsString().split("\\.\\.\\.", -1))
                            .map(Pattern::quote)
                            .collect(Collectors.joining("(?s:.+)")));
        }
    }

    /**
     * A transcript in which what differs from server to server is alike: ids are numbered as they come, tokens are one. A
     * stream's answers, which may be cut in several ways, are made one.
     */
    List<JsonElement> alike(List<JsonObject> transcript) {
        Map<String, String> names = new LinkedHashMap<>();
        List<JsonElement> alike = new ArrayList<>();
        for (int i = 0; i < transcript.size(); i++) {
            JsonObject seen = asOne(steps.get(i), transcript.get(i));
            if (seen.has("answer") && seen.getAsJsonObject("answer").has(NEXT_PAGE_TOKEN)) {
                names.put(seen.getAsJsonObject("answer").get(NEXT_PAGE_TOKEN).getAsString(), "a token");
            }
            alike.add(strings(seen, text -> {
                String named = names.getOrDefault(text, text);
                return UUID.matcher(named)
                        .replaceAll(id -> names.computeIfAbsent(id.group(), unknown -> "id " + names.size()));
            }));
        }
        return alike;
    }

    /** Exported text becomes {@code lines}. Of an import the last answer counts, with the issues of all. */
    private static JsonObject asOne(Step step, JsonObject seen) {
        if (!seen.has("answers")) {
            return seen;
        }
        JsonObject answer = new JsonObject();
        List<JsonElement> answers = seen.getAsJsonArray("answers").asList();
        switch (step.rpc()) {
            case "Export" -> {
                JsonArray lines = new JsonArray();
                answers.stream()
                        .map(part -> Base64.getDecoder()
                                .decode(part.getAsJsonObject().get("data").getAsString()))
                        .map(part -> new String(part, StandardCharsets.UTF_8))
                        .collect(Collectors.joining())
                        .lines()
                        .forEach(lines::add);
                answer.add("lines", lines);
            }
            case "Import" -> {
                JsonArray issues = new JsonArray();
                for (JsonElement part : answers) {
                    part.getAsJsonObject().entrySet().forEach(member -> answer.add(member.getKey(), member.getValue()));
                    if (part.getAsJsonObject().has("issues")) {
                        issues.addAll(part.getAsJsonObject().getAsJsonArray("issues"));
                    }
                }
                if (!issues.isEmpty()) {
                    answer.add("issues", issues);
                }
            }
            default -> throw new AssertionError(step.rpc() + " is no stream that this test knows");
        }
        JsonObject one = new JsonObject();
        one.add("answer", answer);
        if (seen.has("refusal")) {
            one.add("refusal", seen.get("refusal"));
        }
        return one;
    }

    /** The same with other strings. */
    private static JsonElement strings(JsonElement json, UnaryOperator<String> change) {
        if (json.isJsonObject()) {
            JsonObject changed = new JsonObject();
            new TreeMap<>(json.getAsJsonObject().asMap())
                    .forEach((name, value) -> changed.add(name, strings(value, change)));
            return changed;
        }
        if (json.isJsonArray()) {
            JsonArray changed = new JsonArray();
            json.getAsJsonArray().forEach(element -> changed.add(strings(element, change)));
            return changed;
        }
        if (json.isJsonPrimitive() && json.getAsJsonPrimitive().isString()) {
            return new JsonPrimitive(change.apply(json.getAsString()));
        }
        return json;
    }
}
