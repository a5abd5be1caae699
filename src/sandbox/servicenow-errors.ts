/** The error body of the platform (ServiceNow, REST API: error response). */
export function errorBody(status: number, message?: string, detail?: string): unknown {
  return { error: { message: message ?? MESSAGES[status] ?? 'Internal error', detail: detail ?? '' }, status: 'failure' };
}

const MESSAGES: Record<number, string> = {
  400: 'Invalid request',
  401: 'User Not Authenticated',
  403: 'Operation Failed',
  404: 'No Record found',
  429: 'Rate limit exceeded',
  500: 'Transaction cancelled: maximum execution time exceeded',
  503: 'Service Unavailable',
};
