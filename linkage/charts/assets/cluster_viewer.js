"use strict";
// Opens and closes what Python has drawn; without scripts the clusters can still be opened one by one.
const form = document.getElementById("filters");
const clusters = [...document.querySelectorAll("#clusters > details")];

function show() {
  const asked = name => form.elements[name].value === "" ? null : Number(form.elements[name].value);
  const least = asked("least"), most = asked("most"), density = asked("density"), bridges = asked("bridges");
  let n = 0;
  for (const cluster of clusters) {
    const of = cluster.dataset;
    const kept = (least === null || Number(of.size) >= least)
      && (most === null || Number(of.size) <= most)
      && (density === null || Number(of.density) <= density)
      && (bridges === null || Number(of.bridges) >= bridges);
    cluster.hidden = !kept;
    n += kept ? 1 : 0;
  }
  document.getElementById("found").textContent = `${n} shown`;
}

form.addEventListener("input", show);
if (clusters.length) clusters[0].open = true;
show();
