/** Shown by Node-RED 5 beside the category's name. Not translated: it is asked for before any labels are loaded. */
export const CATEGORY = 'Tickets, orders and notifications between IT service management tools and service providers';
