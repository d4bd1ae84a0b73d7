using System.Xml.Linq;

namespace Bft.Engine.Tests.Architecture;

/// <summary>The repository as the tests find it: from their own folder upwards to the solution.</summary>
internal static class RepositoryFiles
{
    public static DirectoryInfo Root { get; } = FindRoot();

    public static string PathOf(string relative) => Path.Combine(Root.FullName, relative);

    public static XDocument Project(string relative) => XDocument.Load(PathOf(relative));

    /// <summary>The projects that a project refers to, by their path from the root with forward slashes.</summary>
    public static IReadOnlyList<string> ReferencesOf(string project)
    {
        string folder = Path.GetDirectoryName(PathOf(project))!;
        return [.. Project(project).Descendants("ProjectReference")
            .Select(reference => Path.GetRelativePath(Root.FullName, Path.GetFullPath(Path.Combine(folder, reference.Attribute("Include")!.Value.Replace('\\', '/')))).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)];
    }

    private static DirectoryInfo FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Bft.sln")))
        {
            folder = folder.Parent;
        }

        return folder ?? throw new InvalidOperationException($"Bft.sln is in no folder above {AppContext.BaseDirectory}");
    }
}
