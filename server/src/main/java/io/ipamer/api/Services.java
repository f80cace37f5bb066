package io.ipamer.api;

import io.grpc.BindableService;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.util.ArrayList;
import java.util.List;

/** What both doors serve: the contracts, behind the same interceptors, and the server's health. */
public final class Services {
    private final HealthStatusManager health = new HealthStatusManager(); // says SERVING for "", the server as a whole
    private final List<ServerServiceDefinition> contracts = new ArrayList<>();
    private final List<String> following = new ArrayList<>();
    private volatile boolean ready;
    private volatile boolean leaving;

    /**
     * What there is to serve.
     *
     * @param steady services that are healthy until the server leaves
     * @param following services whose health is what {@link #ready} says; NOT_SERVING before it says anything
     */
    public Services(List<? extends BindableService> steady, List<? extends BindableService> following) {
        for (BindableService service : following) {
            String name = add(service);
            this.following.add(name);
            health.setStatus(name, ServingStatus.NOT_SERVING);
        }
        for (BindableService service : steady) {
            health.setStatus(add(service), ServingStatus.SERVING);
        }
    }

    private String add(BindableService service) {
        ServerServiceDefinition definition = Described.withErrorDetails(StrictRequests.in(service.bindService()));
        contracts.add(ServerInterceptors.intercept(definition, new Sentry()));
        return definition.getServiceDescriptor().getName();
    }

    public List<ServerServiceDefinition> contracts() {
        return contracts;
    }

    /** {@code grpc.health.v1}; its watches end with the server, and only then. */
    public BindableService health() {
        return health.getHealthService();
    }

    /** Whether calls of the following services can be answered: what health says of them until the server leaves. */
    public void ready(boolean now) {
        ready = now;
        following.forEach(name -> health.setStatus(name, now ? ServingStatus.SERVING : ServingStatus.NOT_SERVING));
    }

    /** What {@link #ready(boolean)} said last. */
    public boolean ready() {
        return ready && !leaving;
    }

    /** From now on nothing is healthy any more. */
    public void leave() {
        leaving = true;
        health.enterTerminalState();
    }

    /** Whether {@link #leave} was called. */
    public boolean leaving() {
        return leaving;
    }
}
