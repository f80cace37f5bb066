package io.ipamer.client;

import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The items of all pages of a list; a page is asked for when the one before is used up. */
final class Pages<T> implements Iterator<T> {
    /** Large enough that the calls cost little, small enough that a look at the first few does. */
    private static final int SIZE = 500;

    private final Function<PageRequest, Page<T>> pages;
    private PageRequest next = PageRequest.first(SIZE);
    private boolean last;
    private Iterator<T> items = Collections.emptyIterator();

    private Pages(Function<PageRequest, Page<T>> pages) {
        this.pages = pages;
    }

    static <T> Stream<T> stream(Function<PageRequest, Page<T>> pages) {
        return StreamSupport.stream(
                Spliterators.spliteratorUnknownSize(
                        new Pages<>(pages), Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE),
                false);
    }

    @Override
    public boolean hasNext() {
        while (!items.hasNext() && !last) {
            Page<T> page = pages.apply(next);
            items = page.items().iterator();
            last = page.nextToken().isEmpty();
            next = page.nextToken().map(next::at).orElse(next);
        }
        return items.hasNext();
    }

    @Override
    public T next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return items.next();
    }
}
