package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.grpc.MethodDescriptor;
import io.ipamer.app.IpamerServer;
import io.ipamer.it.InteropScenario.Step;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Programs in Java, Go and Python make the same calls, each to an empty server of its own, and see the same. */
class InteropIT {
    private static InteropScenario scenario;
    private static List<JsonObject> seenInJava;

    @BeforeAll
    static void callInJava() throws IOException, ReflectiveOperationException {
        scenario = InteropScenario.read();
        try (IpamerServer server = IpamerServer.inMemory()) {
            seenInJava = InteropInJava.transcript(server.grpcPort(), scenario);
        }
    }

    @Test
    void everyRpcOfTheContractIsCalledAndAnswered() {
        assertThat(scenario.steps().stream()
                        .filter(Step::succeeds)
                        .map(Step::rpc)
                        .collect(Collectors.toSet()))
                .isEqualTo(IpamerServiceGrpc.getServiceDescriptor().getMethods().stream()
                        .map(MethodDescriptor::getBareMethodName)
                        .collect(Collectors.toSet()));
    }

    @Test
    void javaSeesWhatItShould() {
        scenario.isHeldBy(seenInJava);
    }

    @Test
    void goSeesWhatJavaSees() {
        GoProgram.build();
        seesWhatJavaSees(
                address -> GoProgram.INTEROP.run("-target", address, "-scenario", InteropScenario.FILE.toString()));
    }

    @Test
    void pythonSeesWhatJavaSees() {
        PythonClient.install();
        seesWhatJavaSees(address -> PythonClient.run(
                Path.of("src", "test", "python"), Map.of(), "interop.py", address, InteropScenario.FILE.toString()));
    }

    private static void seesWhatJavaSees(Function<String, Ran> program) {
        Ran ran;
        try (IpamerServer server = IpamerServer.inMemory()) {
            ran = program.apply("127.0.0.1:" + server.grpcPort());
        }
        assertThat(ran.exitCode()).as(ran.output()).isZero();
        List<JsonObject> seen = ran.output()
                .lines()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
        scenario.isHeldBy(seen);
        assertThat(scenario.alike(seen)).isEqualTo(scenario.alike(seenInJava));
    }
}
