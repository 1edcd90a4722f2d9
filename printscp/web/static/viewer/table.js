// Numbers for other programs: comma-separated values, copied or saved.

/** Rows as CSV (RFC 4180); what is null is empty. */
export const csv = (rows) => rows.map((row) => row.map((cell) => cell ?? "").join(",")).join("\r\n") + "\r\n";

/** Copy a text; where the browser does not let us, save it as a file of that name. Whether it was copied. */
export async function copyOrSave(text, name) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    save(text, name);
    return false;
  }
}

/** Save a text as a file. */
export function save(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
