/** Settings of the `switchboard-store` config node. */
export interface StoreConfig {
  name: string;
  /** Folder; relative paths are taken from Node-RED's user folder. */
  path: string;
  /** Bodies and settled messages older than this many days go, unless their conversation is open. */
  retentionDays: string;
  /** Most megabytes of message bodies kept on disk. */
  retentionMegabytes: string;
  /** Messages accepted and not yet settled, above which senders get 503. */
  inboxLimit: string;
  /** Seconds after which a message still inside its flow counts as failed. */
  flowTimeout: string;
}
export const storeDefaults: StoreConfig = {
  name: '',
  path: 'switchboard',
  retentionDays: '90',
  retentionMegabytes: '2048',
  inboxLimit: '10000',
  flowTimeout: '120',
};
