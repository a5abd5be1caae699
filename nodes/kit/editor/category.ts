/** Shown by Node-RED 5 beside the category's name. Not translated, because it is read before any labels are loaded. */
export const CATEGORY = 'Tickets, orders and notifications between IT service management tools and service providers';
