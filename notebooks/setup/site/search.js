"use strict";
// Finds the sections that hold all the words of the query: those that have more of them in their
// heading first, and then in the order of reading.
(() => {
	const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
	const entries = JSON.parse(document.getElementById("entries").textContent)
		.map((entry) => ({ ...entry, head: plain(entry.heading), body: plain(entry.text) }));
	const query = document.getElementById("query");
	const count = document.getElementById("count");
	const results = document.getElementById("results");
	const most = 20;

	const element = (name, text, ...children) => {
		const made = document.createElement(name);
		made.append(text, ...children);
		return made;
	};

	// excerpt is the text about the first of the words, with the words marked.
	const excerpt = (entry, words) => {
		const at = Math.min(...words.map((word) => entry.body.indexOf(word)).filter((i) => i >= 0), Infinity);
		const start = at === Infinity ? 0 : Math.max(0, at - 60);
		const end = Math.min(entry.text.length, start + 180);
		const pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("|")})`, "giu");
		const parts = entry.text.slice(start, end).split(pattern).map((part, i) => i % 2 ? element("mark", part) : part);
		return element("p", start > 0 ? "… " : "", ...parts, end < entry.text.length ? " …" : "");
	};

	const search = () => {
		const words = plain(query.value).split(/\s+/).filter(Boolean);
		results.replaceChildren();
		count.textContent = "";
		if (!words.length) return;
		const found = entries
			.filter((entry) => words.every((word) => entry.head.includes(word) || entry.body.includes(word)))
			.map((entry) => ({ entry, inHeading: words.filter((word) => entry.head.includes(word)).length }))
			.sort((a, b) => b.inHeading - a.inHeading); // Stable.
		count.textContent = found.length > most ? `${found.length} sections, of which the first ${most}:` : `${found.length} ${found.length === 1 ? "section" : "sections"}`;
		for (const { entry } of found.slice(0, most)) {
			const link = element("a", entry.heading);
			link.href = `${entry.page}.html${entry.anchor ? `#${encodeURIComponent(entry.anchor)}` : ""}`;
			const of = entry.heading === entry.title ? "" : ` in ${entry.title}`;
			results.append(element("li", link, element("span", of), excerpt(entry, words)));
		}
	};
	query.addEventListener("input", search);
	search(); // A browser may have kept the query.
})();
