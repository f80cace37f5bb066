package io.ipamer.cli.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.app.IpamerServer;
import io.ipamer.cli.terminal.BlockMap.Kind;
import io.ipamer.client.Ipamer;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is told of a prefix that changes while it is read. */
class ContentTest {
    private static final String PARENT = "10.0.0.0/16";

    /** A client behind which a child is released as soon as what is free was read. */
    private static Ipamer releasing(Ipamer ipamer, String child) {
        return (Ipamer) Proxy.newProxyInstance(
                Ipamer.class.getClassLoader(), new Class<?>[] {Ipamer.class}, (proxy, method, arguments) -> {
                    try {
                        Object answer = method.invoke(ipamer, arguments);
                        if (method.getName().equals("free")) {
                            List<?> read = ((java.util.stream.Stream<?>) answer).toList();
                            ipamer.releaseChildPrefix(child);
                            return read.stream();
                        }
                        return answer;
                    } catch (InvocationTargetException failed) {
                        throw failed.getCause();
                    }
                });
    }

    @Test
    void aChildThatIsReleasedBetweenTwoReadsHasNotLeaked() throws IOException {
        try (IpamerServer server = IpamerServer.inMemory();
                Line line = Line.to(Target.read("", "127.0.0.1:" + server.grpcPort(), false, null, null, null))) {
            line.client().newPrefix(PARENT);
            String child = line.client().acquireChildPrefix(PARENT, 24).cidr();
            Content content = new Content(releasing(line.client(), child), Cidr.parse(PARENT));
            List<Kind> kinds = new ArrayList<>();
            assertThat(content.walk((range, kind) -> kinds.add(kind))).isTrue();
            assertThat(kinds).containsOnly(Kind.FREE);
            assertThat(content.hasChanged()).isTrue();
        }
    }

    @Test
    void whoWantsNoMoreIsToldNoMore() throws IOException {
        try (IpamerServer server = IpamerServer.inMemory();
                Line line = Line.to(Target.read("", "127.0.0.1:" + server.grpcPort(), false, null, null, null))) {
            line.client().newPrefix(PARENT);
            line.client().acquireChildPrefix(PARENT, 24);
            Content content = new Content(line.client(), Cidr.parse(PARENT));
            List<AddressRange> told = new ArrayList<>();
            assertThat(content.walk((range, kind) -> {
                        told.add(range);
                        return false;
                    }))
                    .isFalse();
            assertThat(told).hasSize(1);
            assertThat(content.hasChanged()).isFalse();
        }
    }
}
