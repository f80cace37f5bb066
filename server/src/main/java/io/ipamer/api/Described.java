package io.ipamer.api;

import com.google.protobuf.Descriptors;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.rpc.ErrorDetailsProto;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.protobuf.ProtoServiceDescriptorSupplier;
import java.util.ArrayList;
import java.util.List;

/**
 * A service whose file imports what its errors carry, as reflection tells it: no contract mentions those messages, and
 * without them grpcurl shows the reason of a refusal as bytes.
 */
final class Described {
    private Described() {}

    static ServerServiceDefinition withErrorDetails(ServerServiceDefinition service) {
        ServiceDescriptor descriptor = service.getServiceDescriptor();
        if (!(descriptor.getSchemaDescriptor() instanceof ProtoServiceDescriptorSupplier contract)) {
            return service;
        }
        FileDescriptor file = importing(contract.getFileDescriptor(), ErrorDetailsProto.getDescriptor());
        Schema schema = new Schema(
                file, file.findServiceByName(contract.getServiceDescriptor().getName()));
        ServiceDescriptor.Builder described =
                ServiceDescriptor.newBuilder(descriptor.getName()).setSchemaDescriptor(schema);
        descriptor.getMethods().forEach(described::addMethod);
        ServerServiceDefinition.Builder same = ServerServiceDefinition.builder(described.build());
        for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
            same.addMethod(method);
        }
        return same.build();
    }

    private record Schema(FileDescriptor file, Descriptors.ServiceDescriptor service)
            implements ProtoServiceDescriptorSupplier {
        @Override
        public FileDescriptor getFileDescriptor() {
            return file;
        }

        @Override
        public Descriptors.ServiceDescriptor getServiceDescriptor() {
            return service;
        }
    }

    private static FileDescriptor importing(FileDescriptor file, FileDescriptor more) {
        List<FileDescriptor> all = new ArrayList<>(file.getDependencies());
        all.add(more);
        try {
            return FileDescriptor.buildFrom(
                    file.toProto().toBuilder().addDependency(more.getName()).build(),
                    all.toArray(FileDescriptor[]::new));
        } catch (DescriptorValidationException impossible) {
            throw new IllegalStateException(impossible); // it has nothing that was not valid before
        }
    }
}
