/** Settings of the `switchboard-store` config node. */
export interface StoreConfig {
  name: string;
  /** Folder; relative paths are resolved against Node-RED's user folder. */
  path: string;
  /** Bodies and settled messages are deleted after this many days, unless their conversation is open. */
  retentionDays: string;
  /** Maximum size of the message bodies on disk, megabytes. */
  retentionMegabytes: string;
  /** Whole months for which the log of what users did is kept, beside the current one. */
  auditMonths: string;
  /** Maximum number of unsettled messages; above it senders get 503. */
  inboxLimit: string;
  /** Seconds after which a message that is still in its flow counts as failed. */
  flowTimeout: string;
  /** What views and logs mask of people's data. */
  maskNames: boolean;
  maskEmail: boolean;
  maskPhone: boolean;
}
export const storeDefaults: StoreConfig = {
  name: '',
  path: 'switchboard',
  retentionDays: '90',
  retentionMegabytes: '2048',
  auditMonths: '24',
  inboxLimit: '10000',
  flowTimeout: '120',
  maskNames: false,
  maskEmail: false,
  maskPhone: false,
};
