/** The setting of a node that names a TM Forum endpoint: one that speaks the API of the node. Endpoints saved before there was a choice speak TMF621. */
export function tmfEndpointField<Config>(api: 'tmf621' | 'tmf622') {
  const validate: Validator<Config> = function (value, _options) {
    if (!value || value === '_ADD_') return this._def._('invalid.missing');
    if (value.startsWith('${')) return true;
    const endpoint = RED.nodes.node(value);
    if (!endpoint) return this._def._('invalid.endpointGone');
    return (endpoint.api || 'tmf621') === api || this._def._('invalid.otherApi', { api: api.toUpperCase() });
  };
  return { value: '', type: 'switchboard-tmf-endpoint', required: true, validate };
}
