namespace Bft.Engine.Tests.Scripting;

/// <summary>The replicas of the scenarios by their letters.</summary>
internal static class Names
{
    public const int A = 0;
    public const int B = 1;
    public const int C = 2;
    public const int D = 3;
    public const int E = 4;
    public const int F = 5;
}
