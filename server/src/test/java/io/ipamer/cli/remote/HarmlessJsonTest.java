package io.ipamer.cli.remote;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** JSON that a terminal shows as it is. */
class HarmlessJsonTest {
    private static final String NASTY = "a\u009b31m\u202egnp.exe\u200b\n\t\"\\ \ud83d\ude00 ü";

    @Test
    void whatATerminalWouldObeyIsEscapedAndTheSameTextForPrograms() throws IOException {
        StringWriter text = new StringWriter();
        JsonWriter json = new JsonWriter(new HarmlessJson(text));
        json.setIndent("  ");
        json.beginObject().name("owner").value(NASTY).endObject();
        assertThat(text.toString())
                .isEqualTo("{\n  \"owner\": \"a\\u009b31m\\u202egnp.exe\\u200b\\n\\t\\\"\\\\ \ud83d\ude00 ü\"\n}");
        assertThat(JsonParser.parseString(text.toString())
                        .getAsJsonObject()
                        .get("owner")
                        .getAsString())
                .isEqualTo(NASTY);
    }
}
