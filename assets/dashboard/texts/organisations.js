// The texts of the view of organisations.
export const text = {
  title: "Organisations",
  word: "organisation",
  lead: "An organisation is a customer, a farm or a site. It owns locations, sensors and jobs. Its tokens see nothing of the others.",
  add: "New organisation",
  addTitle: "New organisation",
  create: "Create organisation",
  editTitle: (name) => `Rename ${name}`,
  hint: "A name that people recognise, for example: North farm",
  locations: "Locations",
  sensors: "Sensors",
  jobs: "Jobs",
  adminOnly: (role) => `Only admins may list organisations. Your token is a ${role}'s.`,
  none: "No organisation yet",
  noneLead: "Create the first organisation. Then add its locations and sensors, and set up a job.",
  consequences: (locations, sensors) =>
    `This deletes the organisation with its tokens, ${locations} and ${sensors}, all of their readings, and its own sources and versions. This cannot be undone.`,
  inUse: "An organisation with jobs cannot be deleted. Delete its jobs first:",
};
