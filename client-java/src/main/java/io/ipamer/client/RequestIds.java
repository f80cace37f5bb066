package io.ipamer.client;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Request ids that nobody else makes: 128 random bits of this client and a number. */
final class RequestIds {
    private static final int BITS = 128;
    private static final int RADIX = 36;

    private final String client = new BigInteger(BITS, new SecureRandom()).toString(RADIX) + '-';
    private final AtomicLong last = new AtomicLong();

    String next() {
        return client + Long.toString(last.incrementAndGet(), RADIX);
    }
}
