export * from '../../src/delivery/brokers.js';
