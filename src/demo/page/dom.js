/** Elements from plain data: what a page shows is described anew each time, and only what differs is changed. */

export const $ = (id) => document.getElementById(id);

/** An element to be. A `key` makes it the same element from one picture to the next, so that it keeps its focus. */
export function element(tag, attributes = {}, ...children) {
  return { tag, attributes, children: children.filter((child) => child !== undefined && child !== "") };
}

const givenTo = new WeakMap();

export function setAttributes(node, attributes) {
  const before = givenTo.get(node) ?? {};
  for (const name of Object.keys(before)) if (!(name in attributes)) node.removeAttribute(name);
  for (const [name, value] of Object.entries(attributes))
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  givenTo.set(node, attributes);
}

function removeUntil(first, end) {
  let at = first;
  while (at !== end && at !== null) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
  return at;
}

/** Makes the children of a node what they should be, and leaves alone what is so already. */
export function fill(parent, children) {
  const keyed = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let at = parent.firstChild;
  const place = (node) => {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  };
  for (const child of children) {
    if (typeof child === "string") {
      const node = at?.nodeType === Node.TEXT_NODE ? at : document.createTextNode("");
      place(node);
      if (node.data !== child) node.data = child;
      continue;
    }
    const key = child.attributes["data-key"];
    const known = key === undefined ? at : keyed.get(key);
    const isSame = known?.nodeName === child.tag.toUpperCase() && known.dataset.key === key;
    const node = isSame ? known : document.createElement(child.tag);
    // What is gone is taken away rather than the rest moved before it: moving an element loses its focus.
    if (isSame && key !== undefined) at = removeUntil(at, node);
    place(node);
    setAttributes(node, child.attributes);
    fill(node, child.children);
  }
  removeUntil(at, null);
}
