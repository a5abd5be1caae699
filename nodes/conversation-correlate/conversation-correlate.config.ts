/** Settings of the `conversation correlate` node. */
export interface ConversationCorrelateConfig {
  name: string;
}
export const conversationCorrelateDefaults: ConversationCorrelateConfig = { name: '' };
