//! What the proto's authors wrote above a declaration.

use prost_reflect::FileDescriptor;

/// The comment at `path` (descriptor.proto, SourceCodeInfo.Location), its lines joined, its paragraphs apart.
pub(super) fn of(file: &FileDescriptor, path: &[i32]) -> String {
    let places = file.file_descriptor_proto().source_code_info.iter().flat_map(|info| &info.location);
    let comment = places.into_iter().find(|place| place.path == path).map(|place| place.leading_comments());
    let mut text = String::new();
    for line in comment.unwrap_or_default().lines().map(str::trim) {
        let broken = text.is_empty() || text.ends_with('\n');
        match line {
            "" if broken => {}
            "" => text.push_str("\n\n"),
            line if broken => text.push_str(line),
            line => {
                text.push(' ');
                text.push_str(line);
            }
        }
    }
    text.trim_end().to_owned()
}
