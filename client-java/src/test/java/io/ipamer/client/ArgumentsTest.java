package io.ipamer.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every call of both interfaces refuses null, and says so after the client was closed. */
class ArgumentsTest {
    static final Prefix PREFIX =
            new Prefix("0", "root", "10.0.0.0/24", Optional.empty(), ReservationPolicy.DEFAULT, "", Map.of(), "");
    private static final Map<Class<?>, Object> ARGUMENTS = Map.ofEntries(
            Map.entry(String.class, "10.0.0.0/24"),
            Map.entry(int.class, 25),
            Map.entry(Metadata.class, Metadata.NONE),
            Map.entry(MetadataUpdate.class, MetadataUpdate.NOTHING.owner("a")),
            Map.entry(ReservationPolicy.class, ReservationPolicy.NONE),
            Map.entry(Prefix.class, PREFIX),
            Map.entry(Allocation.class, new Allocation("0", "10.0.0.1", "root", "10.0.0.0/24", "", Map.of(), "")),
            Map.entry(PrefixFilter.class, PrefixFilter.ALL),
            Map.entry(IpFilter.class, IpFilter.ALL),
            Map.entry(Tags.class, Tags.ownedBy("a")),
            Map.entry(PageRequest.class, PageRequest.first(10)),
            Map.entry(Duration.class, Duration.ofSeconds(1)),
            Map.entry(Collection.class, List.of("10.0.0.1")),
            Map.entry(ExportFormat.class, ExportFormat.IPAMER),
            Map.entry(InputStream.class, InputStream.nullInputStream()),
            Map.entry(OutputStream.class, OutputStream.nullOutputStream()),
            Map.entry(Consumer.class, (Consumer<ImportProgress>) progress -> {}));

    private IpamerClient client;

    @BeforeEach
    void open() {
        client = IpamerClient.builder().plaintext().build();
    }

    @AfterEach
    void close() {
        client.close();
    }

    static Stream<Parameter> parameters() {
        return methods()
                .flatMap(method -> Arrays.stream(method.getParameters()))
                .filter(parameter -> !parameter.getType().isPrimitive());
    }

    @ParameterizedTest
    @MethodSource("parameters")
    void nullIsRefusedByName(Parameter parameter) {
        assertThatThrownBy(() -> call((Method) parameter.getDeclaringExecutable(), parameter))
                .isInstanceOf(NullPointerException.class)
                .hasMessage(parameter.getName());
    }

    static Stream<Method> calls() {
        return methods()
                .filter(method -> !Ipamer.class.isAssignableFrom(method.getReturnType())
                        && !IpamerAsync.class.isAssignableFrom(method.getReturnType()));
    }

    @ParameterizedTest
    @MethodSource("calls")
    void aClosedClientSaysSo(Method method) {
        client.close();
        assertThatThrownBy(() -> {
                    if (call(method, null) instanceof Stream<?> list) {
                        list.findFirst();
                    }
                })
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the client is closed");
    }

    @Test
    void nullIsRefusedByNameInValuesToo() {
        assertThatNullPointerException()
                .isThrownBy(() -> PrefixFilter.childrenOf(null))
                .withMessage("parentCidr");
        assertThatNullPointerException()
                .isThrownBy(() -> PrefixFilter.ALL.withFamily(null))
                .withMessage("only");
        assertThatNullPointerException()
                .isThrownBy(() -> IpFilter.ALL.withFrom(null))
                .withMessage("address");
        assertThatNullPointerException()
                .isThrownBy(() -> new Allocation("0", null, "root", "10.0.0.0/24", "", Map.of(), ""))
                .withMessage("address");
        assertThatNullPointerException()
                .isThrownBy(() -> new Allocation("0", "10.0.0.1", "root", "10.0.0.0/24", "", null, ""))
                .withMessage("labels");
    }

    private static Stream<Method> methods() {
        return Stream.of(Ipamer.class, IpamerAsync.class)
                .flatMap(type -> Arrays.stream(type.getMethods()))
                .filter(method -> !Modifier.isStatic(method.getModifiers()));
    }

    private Object call(Method method, Parameter missing) throws Throwable {
        Object[] arguments = Arrays.stream(method.getParameters())
                .map(parameter -> parameter.equals(missing) ? null : ARGUMENTS.get(parameter.getType()))
                .toArray();
        assertThat(arguments).filteredOn(argument -> argument == null).hasSize(missing == null ? 0 : 1);
        try {
            return method.invoke(method.getDeclaringClass() == Ipamer.class ? client : client.async(), arguments);
        } catch (InvocationTargetException thrown) {
            throw thrown.getCause();
        }
    }
}
