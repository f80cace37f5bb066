package io.ipamer.api.http.pages;

import com.google.common.hash.Hashing;
import com.google.common.io.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** What all pages in HTML have in common. They need nothing else, neither scripts nor files nor other hosts. */
final class Page {
    private static final String STYLE = "\n" + resource("pages.css");

    /** What a browser may take into a page: the style above, which its hash names, and nothing else. */
    static final String POLICY = "default-src 'none'; style-src 'sha256-"
            + Base64.getEncoder()
                    .encodeToString(Hashing.sha256()
                            .hashString(STYLE, StandardCharsets.UTF_8)
                            .asBytes())
            + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private Page() {}

    /**
     * A whole page.
     *
     * @param title text
     * @param body HTML
     */
    static String of(String title, String body) {
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <title>%s</title>
                <style>%s</style>
                </head>
                <body>
                <main>
                %s
                </main>
                </body>
                </html>
                """.formatted(Prose.escaped(title), STYLE, body);
    }

    private static String resource(String name) {
        try {
            return Resources.toString(Resources.getResource(Page.class, name), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
