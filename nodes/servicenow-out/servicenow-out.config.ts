/** Settings of the `servicenow out` node. */
export interface ServiceNowOutConfig {
  name: string;
  endpoint: string;
  entityType: string;
}
export const serviceNowOutDefaults: ServiceNowOutConfig = { name: '', endpoint: '', entityType: 'incident' };
