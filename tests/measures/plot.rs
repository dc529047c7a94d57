//! Plots as SVG, by hand: a few lines and words, readable on light and on dark.

use std::fmt::Write;

/// The whole picture, in user units.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
/// Where the axes cross, and where they end.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 540.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 360.0;

/// Colours apart from each other on white and on near-black, for those too who do not see red and green.
const COLOURS: [&str; 6] = ["#0077bb", "#ee7733", "#009988", "#cc3311", "#ee3377", "#888888"];

/// What a plot shows. Both axes are logarithmic, or the horizontal one is a row of words.
pub struct Plot {
    pub title: String,
    pub x: Axis,
    /// What the vertical axis counts, with its unit.
    pub y: String,
    pub lines: Vec<Line>,
}

/// The horizontal axis.
pub struct Axis {
    pub name: String,
    /// What stands at its marks, from left to right at equal distances.
    pub marks: Vec<String>,
}

/// One line: a value for each mark, if it has one there.
pub struct Line {
    pub name: String,
    pub values: Vec<Option<f64>>,
    /// Which colour, so that two lines of one thing may share it.
    pub colour: usize,
    pub dashed: bool,
}

impl Plot {
    pub fn svg(&self) -> String {
        let (low, high) = self.decades();
        let y = |value: f64| BOTTOM - (value.log10() - low) / (high - low) * (BOTTOM - TOP);
        let step = (RIGHT - LEFT) / self.x.marks.len() as f64;
        let x = |place: usize| LEFT + step * (place as f64 + 0.5);
        let mut svg = String::new();
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
             <title>{title}</title>\n\
             <style>\n\
             svg {{ background: #fff; font: 13px sans-serif }}\n\
             .page {{ fill: #fff }} text {{ fill: #222 }} .grid {{ stroke: #ddd }} .axis {{ stroke: #666 }}\n\
             @media (prefers-color-scheme: dark) {{\n\
             svg {{ background: #111 }}\n\
             .page {{ fill: #111 }} text {{ fill: #ddd }} .grid {{ stroke: #333 }} .axis {{ stroke: #999 }}\n\
             }}\n\
             </style>\n\
             <rect class=\"page\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
             <text x=\"{LEFT}\" y=\"26\" font-size=\"16\">{title}</text>\n",
            title = escaped(&self.title),
        );
        for (value, label) in self.grid(low, high) {
            let at = y(value);
            let _ = writeln!(svg, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
            if let Some(label) = label {
                let (x, at) = (LEFT - 8.0, at + 4.0);
                let _ = writeln!(svg, "<text x=\"{x}\" y=\"{at:.1}\" text-anchor=\"end\">{label}</text>");
            }
        }
        let _ = writeln!(svg, "<path class=\"axis\" fill=\"none\" d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\"/>");
        for (place, mark) in self.x.marks.iter().enumerate() {
            let (at, below) = (x(place), BOTTOM + 20.0);
            let mark = escaped(mark);
            let _ = writeln!(svg, "<text x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\">{mark}</text>");
        }
        let (middle, below) = ((LEFT + RIGHT) / 2.0, BOTTOM + 44.0);
        let name = escaped(&self.x.name);
        let _ = writeln!(svg, "<text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">{name}</text>");
        let (middle, unit) = ((TOP + BOTTOM) / 2.0, escaped(&self.y));
        let turned = format!("transform=\"translate(18 {middle}) rotate(-90)\"");
        let _ = writeln!(svg, "<text {turned} text-anchor=\"middle\">{unit}</text>");
        for (row, line) in self.lines.iter().enumerate() {
            line.draw(&mut svg, x, y);
            line.name_it(&mut svg, TOP + 8.0 + 22.0 * row as f64);
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// The powers of ten that hold every value between them.
    fn decades(&self) -> (f64, f64) {
        let values = || self.lines.iter().flat_map(|line| line.values.iter().flatten()).map(|value| value.log10());
        let low = values().fold(f64::INFINITY, f64::min).floor();
        let high = values().fold(f64::NEG_INFINITY, f64::max).ceil();
        (low, high.max(low + 1.0))
    }

    /// Where the horizontal lines are, and what stands beside them: beside 1, and where few decades leave room 2 and 5.
    fn grid(&self, low: f64, high: f64) -> Vec<(f64, Option<String>)> {
        let mut grid = Vec::new();
        for decade in low as i32..=high as i32 {
            for digit in 1..10 {
                let value = f64::from(digit) * 10_f64.powi(decade);
                let labelled = digit == 1 || (high - low < 4.0 && matches!(digit, 2 | 5));
                if value.log10() <= high + 1e-9 {
                    grid.push((value, labelled.then(|| format!("{value:.*}", usize::try_from(-decade).unwrap_or(0)))));
                }
            }
        }
        grid
    }
}

impl Line {
    fn colour(&self) -> &'static str {
        COLOURS[self.colour % COLOURS.len()]
    }

    fn dash(&self) -> &'static str {
        if self.dashed { " stroke-dasharray=\"6 4\"" } else { "" }
    }

    fn draw(&self, svg: &mut String, x: impl Fn(usize) -> f64, y: impl Fn(f64) -> f64) {
        let (colour, dash) = (self.colour(), self.dash());
        let places = self.values.iter().enumerate().filter_map(|(place, value)| Some((x(place), y((*value)?))));
        let places: Vec<_> = places.collect();
        let corners: Vec<_> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let corners = corners.join(" ");
        let _ = writeln!(svg, "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dash} points=\"{corners}\"/>");
        for (x, y) in places {
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"/>");
        }
    }

    fn name_it(&self, svg: &mut String, at: f64) {
        let (colour, dash, name) = (self.colour(), self.dash(), escaped(&self.name));
        let (from, to, text, below) = (RIGHT + 16.0, RIGHT + 44.0, RIGHT + 52.0, at + 4.0);
        let _ = writeln!(
            svg,
            "<line x1=\"{from}\" x2=\"{to}\" y1=\"{at}\" y2=\"{at}\" stroke=\"{colour}\" stroke-width=\"2\"{dash}/>"
        );
        let _ = writeln!(svg, "<text x=\"{text}\" y=\"{below}\">{name}</text>");
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
