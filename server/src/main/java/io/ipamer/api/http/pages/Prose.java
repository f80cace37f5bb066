package io.ipamer.api.http.pages;

import com.google.common.html.HtmlEscapers;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Comments as HTML: paragraphs, lists of lines that begin with "-", `code`, and links from the names of things. */
final class Prose {
    /** Code, or a word that could be the name of something: of two humps, or in capitals. */
    private static final Pattern MARKED =
            Pattern.compile("`([^`\n]+)`|\\b([A-Z][a-z0-9]+[A-Z][A-Za-z0-9]*|[A-Z][A-Z0-9_]{3,})\\b");

    private static final Pattern SENTENCE_END = Pattern.compile("\\.(\\s|$)");

    private final Map<String, String> links;

    /**
     * Comments of one page.
     *
     * @param links by name: where it is explained
     */
    Prose(Map<String, String> links) {
        this.links = links;
    }

    /** Whatever it is, as text in HTML, also between quotes. */
    static String escaped(String text) {
        return HtmlEscapers.htmlEscaper().escape(text);
    }

    /** What a comment says first, as text. */
    static String firstSentence(String comment) {
        String line = comment.strip().replace('\n', ' ');
        Matcher end = SENTENCE_END.matcher(line);
        return end.find() ? line.substring(0, end.start() + 1) : line;
    }

    String html(String comment) {
        StringBuilder html = new StringBuilder();
        String open = ""; // the tags that the next text ends
        for (String line : comment.strip().split("\n", -1)) {
            boolean item = line.startsWith("- ");
            boolean inList = open.endsWith("</ul>");
            if (line.isBlank()) {
                html.append(open);
                open = "";
            } else if (item) {
                html.append(inList ? "</li>\n<li>" : open + "<ul><li>").append(inline(line.substring(2)));
                open = "</li></ul>";
            } else if (open.isEmpty()) {
                html.append("<p>").append(inline(line));
                open = "</p>\n";
            } else {
                html.append('\n').append(inline(line.strip()));
            }
        }
        return html.append(open).toString();
    }

    /** Of one line, or one sentence. */
    String inline(String text) {
        StringBuilder html = new StringBuilder();
        Matcher marked = MARKED.matcher(text);
        int from = 0;
        while (marked.find()) {
            html.append(escaped(text.substring(from, marked.start())));
            String code = marked.group(1);
            String word = code == null ? marked.group(2) : code;
            String shown = code == null ? escaped(word) : "<code>" + escaped(word) + "</code>";
            String link = links.get(word);
            html.append(link == null ? shown : "<a href=\"" + escaped(link) + "\">" + shown + "</a>");
            from = marked.end();
        }
        return html.append(escaped(text.substring(from))).toString();
    }
}
