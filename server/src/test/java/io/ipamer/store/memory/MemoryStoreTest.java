package io.ipamer.store.memory;

import io.ipamer.store.Store;
import io.ipamer.store.StoreContract;

class MemoryStoreTest extends StoreContract {
    @Override
    protected Store open() {
        return new MemoryStore();
    }
}
