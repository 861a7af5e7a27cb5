/// What the page does: moves a cursor over plots by pointer or keys, and tells the values there. Texts are set as texts; the
/// page is read and never written.
enum PageScript {
  static let source: StaticString = #"""
    "use strict";
    (() => {
      const nearest = (sorted, wanted) => {
        let low = 0, high = sorted.length - 1;
        while (high - low > 1) {
          const middle = (low + high) >> 1;
          if (sorted[middle] > wanted) high = middle; else low = middle;
        }
        return Math.abs(sorted[high] - wanted) < Math.abs(sorted[low] - wanted) ? high : low;
      };
      const grouped = (text) => {
        const [whole, part] = text.split(".");
        return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part === undefined ? "" : "." + part);
      };
      const numbers = (text) => text.split(" ").map(Number);

      // Curves: the cursor stands at a point of the finest one.
      const line = (plot, svg) => {
        const curves = [...svg.querySelectorAll("path[data-y]")].map((path) => {
          const at = path.getAttribute("d").match(/-?[\d.]+/g).map(Number);
          return {
            name: path.dataset.name, x: path.dataset.x.split(" "), y: path.dataset.y.split(" "),
            left: at.filter((_, i) => i % 2 === 0), top: at.filter((_, i) => i % 2 === 1),
          };
        });
        const finest = curves.reduce((a, b) => (b.left.length > a.left.length ? b : a));
        return {
          count: finest.left.length, row: 1,
          find: (x) => nearest(finest.left, x),
          show: (index) => {
            const [place, value] = [finest.left[index], finest.x[index]];
            const told = [], shapes = [["path", { d: `M${place} 26V226` }]];
            for (const curve of curves) {
              const i = nearest(curve.left, place);
              if (Math.abs(curve.left[i] - place) > 16) continue;
              told.push(`${curve.name} ${grouped(curve.y[i])}` + (curve.x[i] === value ? "" : ` at ${grouped(curve.x[i])}`));
              shapes.push(["circle", { cx: curve.left[i], cy: curve.top[i], r: 4 }]);
            }
            return { text: `${plot.dataset.xName} ${grouped(value)}: ${told.join(" · ")}`, shapes };
          },
        };
      };

      // Marks and bars: the cursor goes from one to the next, from left to right.
      const marks = (plot, svg) => {
        const items = [...svg.querySelectorAll("[data-t]")].map((item) => {
          const [x, y] = numbers(item.dataset.at);
          return { x, y, text: item.dataset.t };
        }).sort((a, b) => a.x - b.x || a.y - b.y);
        const flat = plot.dataset.plot === "bars" ? 0 : 1;
        return {
          count: items.length, row: 1,
          find: (x, y) => {
            let best = 0, least = Infinity;
            items.forEach((item, i) => {
              const far = (item.x - x) ** 2 + flat * (item.y - y) ** 2;
              if (far < least) [best, least] = [i, far];
            });
            return best;
          },
          show: (index) => {
            const { x, y, text } = items[index];
            return { text, shapes: [["circle", { cx: x, cy: y, r: 7 }]] };
          },
        };
      };

      // A matrix: the cursor goes from cell to cell, in four directions.
      const matrix = (plot) => {
        const names = JSON.parse(plot.dataset.names);
        const [left, top, cell, size] = numbers(plot.dataset.frame);
        const counts = new Map(), totals = new Array(size).fill(0);
        for (const entry of plot.dataset.cells.split(",").filter(Boolean)) {
          const [row, column, count] = numbers(entry);
          counts.set(row * size + column, count);
          totals[row] += count;
        }
        const within = (place) => Math.min(size - 1, Math.max(0, Math.floor(place)));
        return {
          count: size * size, row: size,
          find: (x, y) => within((y - top) / cell) * size + within((x - left) / cell),
          show: (index) => {
            const [row, column] = [Math.floor(index / size), index % size];
            const count = counts.get(index) || 0;
            const share = totals[row] ? ` (${(100 * count / totals[row]).toFixed(1)} % of ${grouped(String(totals[row]))})` : "";
            const side = Math.max(cell, 6), shift = (side - cell) / 2;
            return {
              text: `${names[row]} told as ${names[column]}: ${grouped(String(count))}${share}`,
              shapes: [["rect", { x: left + column * cell - shift, y: top + row * cell - shift, width: side, height: side }]],
            };
          },
        };
      };

      for (const plot of document.querySelectorAll("[data-plot]")) {
        const svg = plot.querySelector("svg"), out = plot.parentNode.querySelector(".readout");
        const kinds = { line, marks, bars: marks, matrix };
        const note = out.textContent;
        let model = null, index = -1, cursor = null;
        const ready = () => {
          if (model === null) model = kinds[plot.dataset.plot](plot, svg);
          return model.count > 0;
        };
        const hide = () => {
          if (cursor) cursor.remove();
          cursor = null;
        };
        const show = (wanted, isSpoken) => {
          index = Math.min(model.count - 1, Math.max(0, wanted));
          const { text, shapes } = model.show(index);
          hide();
          cursor = document.createElementNS(svg.namespaceURI, "g");
          cursor.setAttribute("class", "cursor");
          for (const [name, attributes] of shapes) {
            const shape = document.createElementNS(svg.namespaceURI, name);
            for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
            cursor.append(shape);
          }
          svg.append(cursor);
          out.setAttribute("aria-live", isSpoken ? "polite" : "off");
          out.textContent = text;
        };
        const point = (event) => {
          if (!ready()) return;
          const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
          show(model.find((event.clientX - box.left) * scale, (event.clientY - box.top) * scale), false);
        };
        plot.addEventListener("pointermove", point);
        plot.addEventListener("pointerdown", point);
        plot.addEventListener("pointerleave", () => {
          hide();
          if (document.activeElement !== plot) out.textContent = note;
        });
        plot.addEventListener("blur", () => {
          hide();
          out.textContent = note;
        });
        plot.addEventListener("keydown", (event) => {
          if (event.altKey || event.ctrlKey || event.metaKey || !ready()) return;
          const far = Math.max(1, Math.round(model.count / 10)), one = event.shiftKey ? 10 : 1;
          const start = index < 0 ? 0 : index, isFirst = index < 0;
          const moves = {
            ArrowRight: isFirst ? 0 : start + one, ArrowLeft: isFirst ? model.count - 1 : start - one,
            ArrowDown: model.row > 1 ? start + model.row * one : start + one,
            ArrowUp: model.row > 1 ? start - model.row * one : start - one,
            PageDown: start + far, PageUp: start - far, Home: 0, End: model.count - 1,
          };
          if (event.key === "Escape") hide();
          if (!(event.key in moves)) return;
          event.preventDefault();
          const wanted = moves[event.key];
          // In a matrix up and down stay within the column.
          if (model.row > 1 && (wanted < 0 || wanted >= model.count)) show(start, true); else show(wanted, true);
        });
      }
    })();
    """#
}
