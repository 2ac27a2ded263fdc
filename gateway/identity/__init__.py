"""Who is who: identifiers, comparison, links, composition. No input or output."""
